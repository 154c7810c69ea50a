/** Storage pools: which folders they are, and who sees them. */
import { z } from 'zod';
import { PoolKind } from '../../../shared/contract/index.ts';
import type { Database } from './database.ts';

export interface PoolDefinition {
  name: string;
  kind: PoolKind;
  /** Of a local one. */
  host: string | null;
  /** Absolute, or relative to the home. */
  path: string;
  createdAtMs: number;
}

const Row = z
  .object({
    name: z.string(),
    kind: PoolKind,
    host: z.string().nullable(),
    path: z.string(),
    created_at_ms: z.number(),
  })
  .transform(({ created_at_ms, ...row }): PoolDefinition => ({
    ...row,
    createdAtMs: created_at_ms,
  }));

export class PoolTable {
  private readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  all(): PoolDefinition[] {
    return this.database.all(Row, 'SELECT * FROM pools ORDER BY name');
  }

  insert({ name, kind, host, path, createdAtMs }: PoolDefinition): void {
    this.database.run(
      'INSERT INTO pools VALUES (?, ?, ?, ?, ?)',
      name,
      kind,
      host,
      path,
      createdAtMs,
    );
  }

  remove(name: string): void {
    this.database.run('DELETE FROM pools WHERE name = ?', name);
  }
}
