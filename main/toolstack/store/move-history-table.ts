/** The moves of each domain with all that was measured: bounded, newest kept, gone with the domain. */
import { z } from 'zod';
import { Move } from '../../../shared/contract/index.ts';
import type { Database } from './database.ts';

/** Of one domain. */
const KEPT = 50;

/** Null: of a version that measured something else. A history is no reason not to start. */
const Row = z.object({ record: z.string() }).transform((row): Move | null => {
  const read = Move.safeParse(JSON.parse(row.record));
  return read.success ? read.data : null;
});

export class MoveHistoryTable {
  private readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  /** Newest first. */
  of(domain: string): Move[] {
    return this.read(
      'SELECT record FROM move_history WHERE domain = ? ORDER BY started_at_ms DESC, rowid DESC',
      domain,
    );
  }

  find(id: string): Move | undefined {
    return this.read('SELECT record FROM move_history WHERE id = ?', id)[0];
  }

  /** Those that a program which was killed left behind. */
  unfinished(): Move[] {
    return this.read(`SELECT record FROM move_history WHERE state = 'running'`);
  }

  /** The oldest of the same domain make room. */
  save(move: Move): void {
    this.database.transaction(() => {
      this.database.run(
        `INSERT INTO move_history (id, domain, started_at_ms, state, record) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, record = excluded.record`,
        move.id,
        move.domain,
        move.startedAtMs,
        move.state,
        JSON.stringify(move),
      );
      this.database.run(
        `DELETE FROM move_history WHERE domain = ?1 AND id NOT IN
           (SELECT id FROM move_history WHERE domain = ?1
            ORDER BY started_at_ms DESC, rowid DESC LIMIT ?2)`,
        move.domain,
        KEPT,
      );
    });
  }

  private read(sql: string, ...values: string[]): Move[] {
    return this.database.all(Row, sql, ...values).filter((move) => move !== null);
  }
}
