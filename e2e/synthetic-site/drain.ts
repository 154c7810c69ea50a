/** A host is drained, played: each domain that runs goes where there is most room for it. */
import type { Domain, DrainReport, Task } from '../../shared/contract/index.ts';
import { DomusError } from '../../shared/errors.ts';
import type { SyntheticSite } from './site.ts';
import { startTask } from './tasks.ts';

const DRAIN_MS = 1500;

export function drainHost(site: SyntheticSite, name: string): Task {
  const host = site.setDrained(name, true);
  return startTask(site, {
    kind: 'drain',
    title: `Draining ${host.name}`,
    domain: null,
    host: host.name,
    durationMs: DRAIN_MS,
    cancellable: true,
    finish: () => {
      const report = moveAll(site, host.name);
      if (report.stayed.length > 0) throw notDrained(report);
      return {
        title: `Drained ${host.name} (${report.moved.length} domains moved)`,
        result: report,
      };
    },
    abandon: () => void site.setDrained(host.name, false),
  });
}

function moveAll(site: SyntheticSite, host: string): DrainReport {
  const report: DrainReport = { host, moved: [], stayed: [] };
  const leaving = [...site.domains.values()].filter((one) => one.host === host && !one.isDomain0);
  for (const domain of leaving) {
    const to = roomFor(site, domain);
    if (to === null) {
      report.stayed.push({ domain: domain.name, reason: 'no other host has room for it' });
    } else {
      site.update(domain, { host: to });
      report.moved.push({ domain: domain.name, to, downtimeMs: domain.domid === null ? null : 12 });
    }
  }
  return report;
}

function roomFor(site: SyntheticSite, { host, memory }: Domain): string | null {
  const [best] = [...site.hosts.values()]
    .filter((one) => one.name !== host && !one.drained && one.freeKiB >= memory.actualKiB)
    .sort((a, b) => b.freeKiB - a.freeKiB);
  return best?.name ?? null;
}

function notDrained({ host, stayed }: DrainReport): DomusError {
  const who = stayed.map(({ domain, reason }) => `${domain}: ${reason}`).join('; ');
  return new DomusError('host.not-drained', `Host ${host} still has domains (${who}).`);
}
