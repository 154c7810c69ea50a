/** What hosts tell, and what it means for the site's domains. */
import type { ManagedDomain } from './domains/managed-domain.ts';
import type { Ending, RunningDomain } from './domains/running-domain.ts';
import type { HostLink } from './hosts/host-link.ts';
import type { SiteHost } from './hosts/site-host.ts';
import { domainEnded } from './lifecycle/end-of-life.ts';
import { diskFailed } from './lifecycle/disk-failure.ts';
import { failOver } from './protection/fail-over.ts';
import { standbyLost } from './protection/protect-domain.ts';
import type { SiteParts } from './site-parts.ts';

export function listenToHost(parts: SiteParts, host: SiteHost, link: HostLink): void {
  parts.networks.fabric.hostUp(host.name, link);
  const about = (domid: number): [ManagedDomain, RunningDomain] | null => {
    const domain = parts.domains.byDomid(domid);
    // While a domain moves both hosts know its domid; the one where it runs has the say.
    return domain?.running?.host === host ? [domain, domain.running] : null;
  };
  const ended = (domid: number, ending: Ending): void => {
    const found = about(domid);
    if (found) domainEnded(parts, ...found, ending);
  };
  link.on('domain.shutdown', ({ domid, reason, detail }) =>
    ended(domid, { kind: 'shutdown', reason, detail }),
  );
  link.on('domain.crashed', ({ domid, reason, isLost }) => {
    const found = about(domid);
    if (found && isLost && failOver(parts, ...found, reason)) return;
    ended(domid, { kind: 'crashed', reason });
  });
  link.on('protection.checkpoints', ({ domid, figures }) => {
    const [domain] = about(domid) ?? [];
    domain?.protection?.told(figures);
    if (domain?.protection) parts.domains.tell(domain);
  });
  link.on('protection.lost', ({ domid, reason }) => {
    const [domain] = about(domid) ?? [];
    if (domain) void standbyLost(parts, domain, reason);
  });
  link.on('domain.diskFailed', ({ domid, disk, status }) => {
    const found = about(domid);
    if (found) void diskFailed(parts, ...found, disk, status);
  });
  link.on('capture.ended', ({ capture, reason }) =>
    parts.networks.captures.ended(link, capture, reason),
  );
  link.on('domain.alive', ({ domid }) => about(domid)?.[1].hasSpoken());
  link.on('log', ({ level, source, message, uuid }) =>
    parts.log.write(level, `${host.name}/${source}`, message, uuid),
  );
}

/** A host's worker died: its domains died with it. */
export function hostDied(parts: SiteParts, host: SiteHost, reason: string): void {
  const why = `host ${host.name} died: ${reason}`;
  parts.events.add('error', 'host.died', `Host ${host.name} died: ${reason}. It is started anew.`, {
    host: host.name,
  });
  for (const domain of parts.domains.everything()) {
    const run = domain.running;
    if (run?.host !== host || failOver(parts, domain, run, why)) continue;
    domainEnded(parts, domain, run, { kind: 'crashed', reason: why });
  }
}
