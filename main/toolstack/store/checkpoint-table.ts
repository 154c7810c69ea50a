/** Checkpoints of domains, and the overlays that were made for them. */
import { z } from 'zod';
import { Disk, Picture } from '../../../shared/contract/index.ts';
import type { Database } from './database.ts';

export interface CheckpointRecord {
  id: string;
  /** UUID. */
  domain: string;
  parent: string | null;
  label: string;
  createdAtMs: number;
  /** Of its file. */
  bytes: number;
  /** As the domain had them, never written since. */
  disks: Disk[];
  picture: Picture | null;
  isWhole: boolean;
  isCurrent: boolean;
}

const json = <T>(schema: z.ZodType<T>) =>
  z.string().transform((text, context): T => {
    try {
      return schema.parse(JSON.parse(text));
    } catch (error) {
      context.addIssue(`a checkpoint cannot be read: ${String(error)}`);
      return z.NEVER;
    }
  });

const Row = z
  .object({
    id: z.string(),
    domain: z.string(),
    parent: z.string().nullable(),
    label: z.string(),
    created_at_ms: z.number(),
    bytes: z.number(),
    disks: json(Disk.array()),
    picture: json(Picture).nullable(),
    is_whole: z.int(),
    is_current: z.int(),
  })
  .transform(({ created_at_ms, is_whole, is_current, ...row }): CheckpointRecord => ({
    ...row,
    createdAtMs: created_at_ms,
    isWhole: is_whole === 1,
    isCurrent: is_current === 1,
  }));

const Layer = z.object({ source: z.string(), domain: z.string() });

export class CheckpointTable {
  private readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  /** Oldest first. */
  all(): CheckpointRecord[] {
    return this.database.all(Row, 'SELECT * FROM checkpoints ORDER BY created_at_ms, id');
  }

  of(domain: string): CheckpointRecord[] {
    return this.database.all(
      Row,
      'SELECT * FROM checkpoints WHERE domain = ? ORDER BY created_at_ms, id',
      domain,
    );
  }

  /** The domain goes on from it: no other is current. */
  insert(record: CheckpointRecord): void {
    this.database.transaction(() => {
      this.setCurrent(record.domain, null);
      this.database.run(
        'INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        record.id,
        record.domain,
        record.parent,
        record.label,
        record.createdAtMs,
        record.bytes,
        JSON.stringify(record.disks),
        record.picture && JSON.stringify(record.picture),
        record.isWhole ? 1 : 0,
        record.isCurrent ? 1 : 0,
      );
    });
  }

  /** Its file is there. */
  setWhole(id: string, bytes: number): void {
    this.database.run('UPDATE checkpoints SET is_whole = 1, bytes = ? WHERE id = ?', bytes, id);
  }

  setCurrent(domain: string, id: string | null): void {
    this.database.run(
      'UPDATE checkpoints SET is_current = (id IS ?2) WHERE domain = ?1',
      domain,
      id,
    );
  }

  /** What came from it comes from its parent. */
  remove({ id, parent, domain, isCurrent }: CheckpointRecord): void {
    this.database.transaction(() => {
      this.database.run('UPDATE checkpoints SET parent = ? WHERE parent = ?', parent, id);
      this.database.run('DELETE FROM checkpoints WHERE id = ?', id);
      if (isCurrent) this.setCurrent(domain, parent);
    });
  }

  layers(domain: string): string[] {
    const rows = this.database.all(Layer, 'SELECT * FROM layers WHERE domain = ?', domain);
    return rows.map(({ source }) => source);
  }

  addLayer(domain: string, source: string): void {
    this.database.run('INSERT OR REPLACE INTO layers VALUES (?, ?)', source, domain);
  }

  removeLayer(source: string): void {
    this.database.run('DELETE FROM layers WHERE source = ?', source);
  }
}
