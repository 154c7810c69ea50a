/**
 * SQLite, opened so that what was written stays written: a write-ahead log that is synced at every
 * commit. Rows are checked against a schema when they are read; nothing else in the toolstack sees
 * a row of the wrong shape.
 */
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue } from 'node:sqlite';
import { statSync } from 'node:fs';
import { z } from 'zod';
import { DomusError } from '../../../shared/errors.ts';
import { SCHEMA_STEPS } from './schema.ts';

const SqliteError = { corrupt: 11, full: 13, notADatabase: 26 } as const;

/** The file is no database of ours, or damaged. */
export class CorruptDatabase extends DomusError {
  constructor(path: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super('store.corrupt', `The database ${path} is damaged: ${why}`, { data: { path }, cause });
  }
}

export class Database {
  private readonly sqlite: DatabaseSync;
  private readonly path: string;
  private readonly onCommit: (() => void)[] = [];

  private constructor(path: string, sqlite: DatabaseSync) {
    this.path = path;
    this.sqlite = sqlite;
  }

  /**
   * Opens or creates the file and brings it to the present schema. Throws {@link CorruptDatabase},
   * or the errors `store.too-new`, `store.no-space`, `store.failed`.
   */
  static open(path: string): Database {
    let sqlite: DatabaseSync | undefined;
    try {
      assertNotEmptied(path);
      sqlite = new DatabaseSync(path, { timeout: 2000, enableForeignKeyConstraints: true });
      assertSound(sqlite, path);
      const version = schemaVersion(sqlite, path);
      // Not before it is known to be ours: this writes.
      sqlite.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
      migrate(sqlite, version);
      return new Database(path, sqlite);
    } catch (error) {
      if (sqlite?.isOpen) sqlite.close();
      throw storeError(path, error);
    }
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    try {
      this.sqlite.prepare(sql).run(...values);
    } catch (error) {
      throw storeError(this.path, error);
    }
  }

  all<Row>(row: z.ZodType<Row>, sql: string, ...values: SQLInputValue[]): Row[] {
    try {
      return this.sqlite
        .prepare(sql)
        .all(...values)
        .map((found) => row.parse(found));
    } catch (error) {
      throw storeError(this.path, error);
    }
  }

  /**
   * All of `work`'s writes, or none; synchronous, since the connection is shared. Within another it
   * is a part of that.
   */
  transaction<T>(work: () => T): T {
    if (this.sqlite.isTransaction) return work();
    this.run('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.run('COMMIT');
      for (const each of this.onCommit.splice(0)) each();
      return result;
    } catch (error) {
      this.onCommit.length = 0;
      if (this.sqlite.isTransaction) this.run('ROLLBACK');
      throw error;
    }
  }

  /**
   * What is so beside the database once it is so in it: after the transaction that is under way, and not
   * at all when that fails; at once outside of one. It must not fail.
   */
  whenCommitted(work: () => void): void {
    if (this.sqlite.isTransaction) this.onCommit.push(work);
    else work();
  }

  /**
   * As {@link transaction}, without waiting for the disk: what it wrote outlives this process at once,
   * and the machine's loss of power as soon as anything is written after it.
   */
  quickTransaction<T>(work: () => T): T {
    this.run('PRAGMA synchronous = NORMAL');
    try {
      return this.transaction(work);
    } finally {
      this.run('PRAGMA synchronous = FULL');
    }
  }

  close(): void {
    if (this.sqlite.isOpen) this.sqlite.close();
  }
}

/**
 * An empty file is a valid new database to SQLite. Ours is empty only for an instant at its first
 * creation: later, something has emptied it, and that should not pass unsaid.
 */
function assertNotEmptied(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0 && log === 0) throw new CorruptDatabase(path, 'the file is empty');
}

function assertSound(sqlite: DatabaseSync, path: string): void {
  const found = sqlite.prepare('PRAGMA quick_check(1)').get();
  const verdict = found ? Object.values(found)[0] : undefined;
  if (verdict !== 'ok') throw new CorruptDatabase(path, verdict);
}

/** How many steps the file has taken. Errors `store.too-new`, `store.corrupt`. */
function schemaVersion(sqlite: DatabaseSync, path: string): number {
  const version = Number(sqlite.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > SCHEMA_STEPS.length) {
    throw new DomusError(
      'store.too-new',
      `${path} was written by a newer version of Domus (schema ${version}; this one knows ${SCHEMA_STEPS.length}). Use that version, or another home folder.`,
      { data: { path, version, known: SCHEMA_STEPS.length } },
    );
  }
  if (version === 0 && sqlite.prepare('SELECT 1 FROM sqlite_schema').get()) {
    throw new CorruptDatabase(path, 'it holds the tables of another program');
  }
  return version;
}

function migrate(sqlite: DatabaseSync, version: number): void {
  for (let step = version; step < SCHEMA_STEPS.length; step++) {
    sqlite.exec(
      `BEGIN IMMEDIATE; ${SCHEMA_STEPS[step]} PRAGMA user_version = ${step + 1}; COMMIT;`,
    );
  }
}

/** SQLite's extended codes carry the primary one in the low byte. */
function primaryCode(error: unknown): number {
  return ((error as { errcode?: number }).errcode ?? 0) & 0xff;
}

function storeError(path: string, error: unknown): DomusError {
  if (error instanceof DomusError) return error;
  const options = { data: { path }, cause: error };
  switch (primaryCode(error)) {
    case SqliteError.corrupt:
    case SqliteError.notADatabase:
      return new CorruptDatabase(path, error);
    case SqliteError.full:
      return new DomusError(
        'store.no-space',
        `There is no space left to write ${path}; nothing was changed. Free some space and try again.`,
        options,
      );
    default: {
      if (error instanceof z.ZodError) return new CorruptDatabase(path, z.prettifyError(error));
      const message = error instanceof Error ? error.message : String(error);
      return new DomusError('store.failed', `The database ${path} failed: ${message}`, options);
    }
  }
}
