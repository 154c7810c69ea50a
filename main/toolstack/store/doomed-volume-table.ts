/**
 * Volumes that are to be deleted, as soon as that can be: copies of disks that are not finished, and
 * what was copied from once they are; overlays that are not a disk yet. What a killed program leaves
 * here the next one deletes, but what is a domain's disk.
 */
import { z } from 'zod';
import type { Database } from './database.ts';

const Row = z.object({ source: z.string() });

export class DoomedVolumeTable {
  private readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  /** As `POOL/VOLUME`. */
  all(): string[] {
    const rows = this.database.all(Row, 'SELECT source FROM doomed_volumes ORDER BY source');
    return rows.map(({ source }) => source);
  }

  add(source: string): void {
    this.database.run('INSERT OR IGNORE INTO doomed_volumes VALUES (?)', source);
  }

  remove(source: string): void {
    this.database.run('DELETE FROM doomed_volumes WHERE source = ?', source);
  }
}
