import type { SiteInfo } from '../../../shared/contract/index.ts';
import { keyValues } from './table.ts';
import { bytes, duration, timestamp } from './units.ts';

/** The daemon, in the manner of `xl info`. */
export function siteLines(info: SiteInfo, nowMs = Date.now()): string[] {
  const { usedMiB, limitMiB, domains, maxDomains } = info.budget;
  return keyValues([
    ['version', info.version],
    ['home', info.home],
    ['pid', info.pid],
    ['started', timestamp(info.startedAtMs)],
    ['uptime', duration(nowMs - info.startedAtMs)],
    ['node', info.nodeVersion],
    ['engine', info.engine],
    ['process_memory', bytes(info.processRssBytes)],
    ['running_domains', `${domains} of ${maxDomains}`],
    ['memory_budget', `${Math.round(usedMiB)} of ${Math.round(limitMiB)} MiB`],
  ]);
}
