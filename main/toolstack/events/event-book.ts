/** What happened at the site: stored, said in the log, and told to whoever follows. */
import type { SiteEvent } from '../../../shared/contract/index.ts';
import type { LogBook } from '../log/log-book.ts';
import type { EventTable } from '../store/event-table.ts';
import { Topic } from '../streams/topic.ts';

const DEFAULT_LIMIT = 100;
const WAITING_EVENTS = 5000;

export type EventAbout = Partial<Pick<SiteEvent, 'domain' | 'host'>>;

export class EventBook {
  private readonly table: EventTable;
  private readonly log: LogBook;
  private readonly topic = new Topic<SiteEvent>({ limit: WAITING_EVENTS });

  constructor(table: EventTable, log: LogBook) {
    this.table = table;
    this.log = log;
  }

  /** Never throws: an event that cannot be stored is still logged and told. */
  add(
    severity: SiteEvent['severity'],
    kind: string,
    message: string,
    about: EventAbout = {},
  ): void {
    const event: SiteEvent = {
      timeMs: Date.now(),
      severity,
      kind,
      message,
      domain: about.domain ?? null,
      host: about.host ?? null,
    };
    this.log.write(severity, 'events', message, event.domain);
    try {
      this.table.append(event);
    } catch (error) {
      this.log.write('error', 'events', `not stored: ${String(error)}`);
    }
    this.topic.publish(event);
  }

  /** The last `limit`, oldest first; with `follow` it goes on. */
  read(
    options: { follow?: boolean | undefined; limit?: number | undefined },
    signal?: AbortSignal,
  ): AsyncGenerator<SiteEvent, void, void> {
    const past = this.table.newest(options.limit ?? DEFAULT_LIMIT);
    return options.follow ? this.topic.read(signal, past) : once(past);
  }

  close(): void {
    this.topic.close();
  }
}

async function* once<T>(items: readonly T[]): AsyncGenerator<T, void, void> {
  yield* items;
}
