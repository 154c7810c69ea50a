/** `networks.*`, `forwards.*` and `captures.*` of the contract. */
import { rmSync } from 'node:fs';
import { DomusError } from '../../../shared/errors.ts';
import { numbered } from '../lifecycle/interfaces.ts';
import { createCaptureFile, createOwnCaptureFile } from '../networks/capture-file.ts';
import { networkView } from '../networks/network-registry.ts';
import type { SiteParts } from '../site-parts.ts';
import type { NetworkDefinition } from '../store/network-table.ts';
import { resolve } from './domain-calls.ts';
import type { SiteApi } from './site-api.ts';

export function networkCalls(parts: SiteParts): SiteApi['networks'] {
  const { networks, events } = parts;
  return {
    list: async () => networks.registry.all().map(networkView),
    add: async (input) => {
      const network = networks.registry.add(input);
      await networks.fabric.define(network);
      networks.addresses.changed();
      networks.changed();
      const { name, subnet, kind } = network;
      events.add('info', 'network.added', `Network ${name} (${subnet}, ${kind}) was added.`);
      return networkView(network);
    },
    set: async ({ network: name, ...change }) => {
      const network = networks.registry.set(name, change);
      await networks.fabric.change(network);
      networks.changed();
      events.add('info', 'network.changed', `Network ${name} is ${reachOf(network)} now.`);
      return networkView(network);
    },
    remove: async ({ network: name }) => {
      const network = networks.registry.get(name);
      requireUnused(parts, network);
      dropDeleted(parts, network);
      networks.registry.remove(network);
      await networks.fabric.remove(network);
      networks.addresses.changed();
      networks.changed();
      events.add('info', 'network.removed', `Network ${name} was removed.`);
      return {};
    },
    leases: async () =>
      [...networks.holders()]
        .filter(({ isDeleted }) => !isDeleted)
        .map(({ domain, definition: { network, address, mac } }) => ({
          network,
          address,
          mac,
          domain,
        }))
        .sort((a, b) => order(a).localeCompare(order(b), 'en', { numeric: true })),
  };
}

export function forwardCalls(parts: SiteParts): SiteApi['forwards'] {
  const { forwards } = parts.networks;
  return {
    list: async () => forwards.all(),
    add: async ({ domain: ref, ...asked }) => {
      const domain = resolve(parts, ref);
      const added = await forwards.add(domain, asked);
      const { port, protocol, toPort } = added;
      const message = `Port ${port} (${protocol}) of 127.0.0.1 leads to ${domain.name}:${toPort}.`;
      parts.events.add('info', 'forward.added', message, { domain: domain.uuid });
      return added;
    },
    remove: async ({ port, protocol }) => {
      const gone = await forwards.remove(port, protocol);
      const message = `Port ${port} (${gone.protocol}) leads to ${gone.domain} no more.`;
      parts.events.add('info', 'forward.removed', message);
      return {};
    },
  };
}

export function captureCalls(parts: SiteParts): SiteApi['captures'] {
  const { captures } = parts.networks;
  return {
    list: async () => captures.all(),
    start: async ({ domain: ref, handle, path, maxMiB }) => {
      const domain = resolve(parts, ref);
      numbered(domain, handle);
      void domain.worker; // it must run
      domain.requireIdle();
      const file =
        path === undefined
          ? createOwnCaptureFile(parts.home.captures, domain.name, handle)
          : createCaptureFile(path);
      try {
        return await captures.start(domain, handle, file, maxMiB);
      } catch (error) {
        rmSync(file.path, { force: true });
        throw error;
      }
    },
    stop: async ({ id }) => captures.stop(id),
  };
}

function reachOf({ kind, reachesMachine }: NetworkDefinition): string {
  return reachesMachine ? `${kind}, and reaches this machine` : kind;
}

/** Error `network.in-use`, which names the domains. */
function requireUnused(parts: SiteParts, { name }: NetworkDefinition): void {
  const domains = [...parts.networks.holders()]
    .filter(({ isDeleted, definition }) => !isDeleted && definition.network === name)
    .map(({ domain }) => domain);
  if (domains.length === 0) return;
  throw new DomusError(
    'network.in-use',
    `Network ${name} has domains (${[...new Set(domains)].join(', ')}). Detach or delete them first.`,
    { data: { network: name, domains } },
  );
}

/** Deletions that could only be taken back onto this network are final now. */
function dropDeleted(parts: SiteParts, { name }: NetworkDefinition): void {
  for (const domain of parts.domains.everything()) {
    const isOn = domain.definition.interfaces.some(({ network }) => network === name);
    if (domain.deletedAtMs === null || !isOn) continue;
    parts.domains.remove(domain);
    parts.log.forget(domain.uuid);
  }
}

function order({ network, address }: { network: string; address: string }): string {
  return `${network} ${address}`;
}
