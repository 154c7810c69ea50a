/** `hosts.*` of the contract. */
import { DomusError } from '../../../shared/errors.ts';
import { drainHost, undrainHost } from '../lifecycle/migration/drain-host.ts';
import type { SiteHost } from '../hosts/site-host.ts';
import type { SiteParts } from '../site-parts.ts';
import type { SiteApi } from './site-api.ts';

export function hostCalls(parts: SiteParts): SiteApi['hosts'] {
  return {
    list: async () => parts.hosts.all().map((host) => host.view),
    add: async (input) => (await parts.hosts.add(input)).view,
    remove: async ({ host: name }) => {
      const host = parts.hosts.get(name);
      requireEmpty(parts, host);
      requireNoPools(parts, host);
      requireNoStandbys(parts, host);
      dropDeleted(parts, host);
      await parts.hosts.remove(host);
      return {};
    },
    drain: async ({ host, to, ...options }) =>
      drainHost(parts, parts.hosts.get(host), {
        ...options,
        to: to === undefined ? null : parts.hosts.get(to),
      }),
    undrain: async ({ host: name }) => {
      const host = parts.hosts.get(name);
      undrainHost(parts, host);
      return host.view;
    },
    crash: async ({ host: name }) => {
      const host = parts.hosts.get(name);
      void host.link; // it must be up
      await host.terminate();
      return {};
    },
  };
}

/** Error `host.not-empty`, which names the domains. */
function requireEmpty(parts: SiteParts, host: SiteHost): void {
  const names = parts.domains
    .all()
    .filter(({ view }) => view.host === host.name)
    .map(({ name }) => name);
  if (names.length === 0) return;
  throw new DomusError(
    'host.not-empty',
    `Host ${host.name} has domains (${names.join(', ')}). Move or delete them first.`,
    { data: { host: host.name, domains: names } },
  );
}

/** Error `host.has-pools`, which names them. */
function requireNoPools(parts: SiteParts, host: SiteHost): void {
  const pools = parts.storage.pools.all().filter((pool) => pool.host === host.name);
  if (pools.length === 0) return;
  const names = pools.map(({ name }) => name);
  throw new DomusError(
    'host.has-pools',
    `Host ${host.name} has local pools (${names.join(', ')}). Remove them first: domus pool remove ${names[0]}.`,
    { data: { host: host.name, pools: names } },
  );
}

/** Error `host.has-standbys`, which names whose. */
function requireNoStandbys(parts: SiteParts, host: SiteHost): void {
  const protectedHere = parts.domains
    .all()
    .filter(({ protection }) => protection?.standby === host);
  if (protectedHere.length === 0) return;
  const names = protectedHere.map(({ name }) => name);
  throw new DomusError(
    'host.has-standbys',
    `Host ${host.name} has the standbys of protected domains (${names.join(', ')}). End their protection first: domus unprotect ${names[0]}.`,
    { data: { host: host.name, domains: names } },
  );
}

/** Deletions that could only be taken back onto this host are final now. */
function dropDeleted(parts: SiteParts, host: SiteHost): void {
  for (const domain of parts.domains.everything()) {
    if (domain.deletedAtMs !== null && domain.definition.host === host.name) {
      parts.domains.remove(domain);
      parts.log.forget(domain.uuid);
    }
  }
}
