/** What happened at the site: bounded, newest kept. */
import { z } from 'zod';
import { SiteEvent } from '../../../shared/contract/index.ts';
import type { Database } from './database.ts';

const KEPT = 10_000;
/** How many may come above {@link KEPT} before the oldest go. */
const SLACK = 500;

const Row = z
  .object({
    time_ms: z.number(),
    severity: SiteEvent.shape.severity,
    kind: z.string(),
    message: z.string(),
    domain: z.string().nullable(),
    host: z.string().nullable(),
  })
  .transform(({ time_ms, ...rest }): SiteEvent => ({
    timeMs: time_ms,
    ...rest,
  }));

export class EventTable {
  private readonly database: Database;
  private sincePrune = SLACK;

  constructor(database: Database) {
    this.database = database;
  }

  append(event: SiteEvent): void {
    this.database.run(
      'INSERT INTO events (time_ms, severity, kind, message, domain, host) VALUES (?, ?, ?, ?, ?, ?)',
      event.timeMs,
      event.severity,
      event.kind,
      event.message,
      event.domain,
      event.host,
    );
    if (++this.sincePrune < SLACK) return;
    this.sincePrune = 0;
    this.database.run('DELETE FROM events WHERE id <= (SELECT MAX(id) FROM events) - ?', KEPT);
  }

  /** The last `limit`, oldest first. */
  newest(limit: number): SiteEvent[] {
    return this.database.all(Row, 'SELECT * FROM events ORDER BY id DESC LIMIT ?', limit).reverse();
  }
}
