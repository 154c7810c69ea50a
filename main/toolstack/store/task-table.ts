/** The history of tasks: bounded, newest kept. */
import { z } from 'zod';
import { Task } from '../../../shared/contract/index.ts';
import type { Database } from './database.ts';

const KEPT = 1000;

const Row = z.object({ record: z.string() }).transform((row) => Task.parse(JSON.parse(row.record)));

export class TaskTable {
  private readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  /** Newest first. */
  newest(limit: number): Task[] {
    return this.database.all(
      Row,
      'SELECT record FROM tasks ORDER BY started_at_ms DESC, rowid DESC LIMIT ?',
      limit,
    );
  }

  find(id: string): Task | undefined {
    return this.database.all(Row, 'SELECT record FROM tasks WHERE id = ?', id)[0];
  }

  /** Those that a program which was killed left behind. */
  unfinished(): Task[] {
    return this.database.all(Row, `SELECT record FROM tasks WHERE state = 'running'`);
  }

  save(task: Task): void {
    this.database.run(
      `INSERT INTO tasks (id, started_at_ms, state, record) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, record = excluded.record`,
      task.id,
      task.startedAtMs,
      task.state,
      JSON.stringify(task),
    );
  }

  prune(): void {
    this.database.run(
      `DELETE FROM tasks WHERE state <> 'running' AND id NOT IN
         (SELECT id FROM tasks ORDER BY started_at_ms DESC LIMIT ?)`,
      KEPT,
    );
  }
}
