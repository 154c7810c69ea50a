/** The stream behind the window: one snapshot, then the newest state of each thing that changed. */
import type { SiteChange } from '../../../shared/contract/index.ts';
import { Topic } from './topic.ts';

/** More things than a site has; a reader that is behind gets the newest of each. */
const LIMIT = 10_000;

export class SiteFeed {
  private readonly topic: Topic<SiteChange>;

  /** `onReaders` hears how many watch, whenever that changes. */
  constructor(onReaders: (count: number) => void = () => {}) {
    this.topic = new Topic<SiteChange>({ limit: LIMIT, keyOf }, onReaders);
  }

  publish(change: SiteChange): void {
    this.topic.publish(change);
  }

  watch(
    snapshot: SiteChange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<SiteChange, void, void> {
    return this.topic.read(signal, [snapshot]);
  }

  close(): void {
    this.topic.close();
  }
}

/** A thing and its removal share a key: the last word counts. */
function keyOf(change: SiteChange): string {
  switch (change.type) {
    case 'host':
      return `host ${change.host.name}`;
    case 'host-removed':
      return `host ${change.name}`;
    case 'domain':
      return `domain ${change.domain.uuid}`;
    case 'domain-removed':
      return `domain ${change.uuid}`;
    case 'move':
      return `move ${change.move.id}`;
    case 'task':
      return `task ${change.task.id}`;
    default:
      return change.type;
  }
}
