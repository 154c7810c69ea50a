/** Single values that outlive the program. */
import { z } from 'zod';
import type { Database } from './database.ts';

/**
 * `lastDomid`: the domid given last; ids are not used again soon, so that logs stay readable.
 * `demoMade`: this home has had its demo domains; `poolMade`: its first pool; `networkMade`: its first
 * network.
 */
export type SettingKey = 'lastDomid' | 'demoMade' | 'poolMade' | 'networkMade';

const Row = z.object({ value: z.string() }).transform((row) => row.value);

export class SettingTable {
  private readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  get(key: SettingKey): string | undefined {
    return this.database.all(Row, 'SELECT value FROM settings WHERE key = ?', key)[0];
  }

  set(key: SettingKey, value: string): void {
    this.database.run(
      'INSERT INTO settings VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      key,
      value,
    );
  }
}
