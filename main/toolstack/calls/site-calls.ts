/** `site.*` of the contract. */
import type { SiteChange } from '../../../shared/contract/index.ts';
import { ENGINE_VERSION } from '../../hypervisor/index.ts';
import { domain0View } from '../domains/domain0.ts';
import type { SiteParts } from '../site-parts.ts';
import type { Sampler } from '../statistics/sampler.ts';
import type { SiteFeed } from '../streams/site-feed.ts';
import { imageViews } from './image-calls.ts';
import type { SiteApi } from './site-api.ts';

const SNAPSHOT_TASKS = 100;

export interface SiteSelf {
  version: string;
  startedAtMs: number;
  feed: SiteFeed;
  sampler: Sampler;
  /** Asked to end the program. */
  stop(): void;
}

export function siteCalls(parts: SiteParts, self: SiteSelf): SiteApi['site'] {
  return {
    info: async () => ({
      version: self.version,
      home: parts.home.folder,
      nodeVersion: process.version,
      engine: ENGINE_VERSION,
      pid: process.pid,
      startedAtMs: self.startedAtMs,
      budget: parts.budget.usage,
      processRssBytes: process.memoryUsage.rss(),
    }),
    watch: async (_, options) =>
      self.feed.watch(await snapshot(parts, self.startedAtMs), options?.signal),
    statistics: async (_, options) => self.sampler.watch(options?.signal),
    events: async (input, options) => parts.events.read(input, options?.signal),
    log: async ({ domain, ...query }, options) => {
      const subject = domain === undefined ? null : parts.domains.resolve(domain).uuid;
      return parts.log.read(subject, query, options?.signal);
    },
    shutdown: async () => {
      // After the answer has left.
      setTimeout(() => self.stop(), 50);
      return {};
    },
  };
}

/** Of one moment: nothing waits between the readings of what can change and their answer. */
async function snapshot(parts: SiteParts, startedAtMs: number): Promise<SiteChange> {
  const [images, pools] = await Promise.all([imageViews(parts), parts.poolViews.all()]);
  const hosts = parts.hosts.all();
  return {
    type: 'snapshot',
    hosts: hosts.map((host) => host.view),
    domains: [...hosts.map((host) => domain0View(host, startedAtMs)), ...parts.domains.views()],
    tasks: parts.tasks.list(SNAPSHOT_TASKS),
    images,
    pools,
    networking: parts.networks.view,
    moves: parts.moves.underWay(),
  };
}
