/**
 * Commit records: who runs a domain that is on its way to another host. The change from `sending`
 * to `committed` is the moment it belongs to the target, whatever happens after.
 */
import { z } from 'zod';
import type { Database } from './database.ts';

export interface Move {
  uuid: string;
  source: string;
  target: string;
  phase: 'sending' | 'committed';
  startedAtMs: number;
}

const Row = z
  .object({
    uuid: z.string(),
    source: z.string(),
    target: z.string(),
    phase: z.enum(['sending', 'committed']),
    started_at_ms: z.number(),
  })
  .transform(({ started_at_ms, ...rest }): Move => ({ ...rest, startedAtMs: started_at_ms }));

export class MoveTable {
  private readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  unfinished(): Move[] {
    return this.database.all(Row, 'SELECT * FROM moves');
  }

  /** In place of one that was not ended: the disk was full. */
  begin(move: Omit<Move, 'phase'>): void {
    this.database.run(
      `INSERT OR REPLACE INTO moves VALUES (?, ?, ?, 'sending', ?)`,
      move.uuid,
      move.source,
      move.target,
      move.startedAtMs,
    );
  }

  /**
   * The commit: record and definition change in one transaction. The domain stands still meanwhile, so
   * it does not wait for the disk: should the machine lose its power now, both hosts are gone anyway,
   * and the record says where a domain is defined that runs nowhere.
   *
   * `besides`: what is written in the same transaction, which is then on stable storage when this
   * returns: a disk that was copied is written only there from now on.
   */
  commit(uuid: string, besides?: () => void): void {
    const record = (): void => {
      besides?.();
      this.database.run(`UPDATE moves SET phase = 'committed' WHERE uuid = ?`, uuid);
      this.database.run(
        'UPDATE domains SET host = (SELECT target FROM moves WHERE uuid = ?1) WHERE uuid = ?1',
        uuid,
      );
    };
    if (besides) this.database.transaction(record);
    else this.database.quickTransaction(record);
  }

  end(uuid: string): void {
    this.database.run('DELETE FROM moves WHERE uuid = ?', uuid);
  }
}
