/**
 * Who may run a protected domain. While a record is here its standby may succeed it, and what the
 * domain sends waits for the standby. Without one the standby may never run. `succeed` is the moment at
 * which the domain is the standby's.
 */
import { z } from 'zod';
import type { Database } from './database.ts';

export interface ProtectionRecord {
  uuid: string;
  source: string;
  standby: string;
  sinceMs: number;
}

const Row = z
  .object({ uuid: z.string(), source: z.string(), standby: z.string(), since_ms: z.number() })
  .transform(({ since_ms, ...rest }): ProtectionRecord => ({ ...rest, sinceMs: since_ms }));

export class ProtectionTable {
  private readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  all(): ProtectionRecord[] {
    return this.database.all(Row, 'SELECT * FROM protections');
  }

  begin({ uuid, source, standby, sinceMs }: ProtectionRecord): void {
    this.database.run(
      'INSERT INTO protections VALUES (?, ?, ?, ?)',
      uuid,
      source,
      standby,
      sinceMs,
    );
  }

  end(uuid: string): void {
    this.database.run('DELETE FROM protections WHERE uuid = ?', uuid);
  }

  /** Record and definition change in one transaction. As a move's commit, it does not wait for the disk. */
  succeed(uuid: string): void {
    this.database.quickTransaction(() => {
      this.database.run(
        'UPDATE domains SET host = (SELECT standby FROM protections WHERE uuid = ?1) WHERE uuid = ?1',
        uuid,
      );
      this.end(uuid);
    });
  }
}
