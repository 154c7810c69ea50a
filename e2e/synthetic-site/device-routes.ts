/** The contract's storage and networks, answered by the synthetic site. */
import type { Domain } from '../../shared/contract/index.ts';
import type { Builder } from './builder.ts';
import * as networking from './networking.ts';
import { poolsOf } from './pools.ts';
import type { SyntheticSite } from './site.ts';
import * as storage from './storage.ts';

export function interfaceRoutes(
  os: Builder,
  site: SyntheticSite,
  guest: (reference: string) => Domain,
) {
  return {
    attachInterface: os.domains.attachInterface.handler(({ input }) =>
      networking.attachInterface(site, guest(input.domain), input),
    ),
    detachInterface: os.domains.detachInterface.handler(({ input }) =>
      networking.detachInterface(site, guest(input.domain), input.handle),
    ),
    setInterface: os.domains.setInterface.handler(({ input }) =>
      networking.setInterface(site, guest(input.domain), input),
    ),
    interfaceCounters: os.domains.interfaceCounters.handler(({ input }) =>
      networking.countersOf(site, guest(input.domain)),
    ),
  };
}

export function storageRoutes(os: Builder, site: SyntheticSite) {
  return {
    pools: {
      list: os.pools.list.handler(() => poolsOf(site)),
      add: os.pools.add.handler(({ input }) => storage.addPool(site, input)),
      remove: os.pools.remove.handler(({ input }) => {
        storage.removePool(site, input.pool);
        return {};
      }),
    },
    volumes: {
      create: os.volumes.create.handler(({ input }) => storage.createVolume(site, input)),
      clone: os.volumes.clone.handler(({ input }) => storage.cloneVolume(site, input)),
      resize: os.volumes.resize.handler(({ input }) => storage.resizeVolume(site, input)),
      remove: os.volumes.remove.handler(({ input }) => {
        storage.removeVolume(site, input.pool, input.volume);
        return {};
      }),
    },
  };
}

export function networkRoutes(os: Builder, site: SyntheticSite) {
  return {
    networks: {
      list: os.networks.list.handler(() => [...site.networks.values()]),
      add: os.networks.add.handler(({ input }) => networking.addNetwork(site, input)),
      set: os.networks.set.handler(({ input }) => networking.setNetwork(site, input)),
      remove: os.networks.remove.handler(({ input }) => {
        networking.removeNetwork(site, input.network);
        return {};
      }),
      leases: os.networks.leases.handler(() => networking.leasesOf(site)),
    },
    forwards: {
      list: os.forwards.list.handler(() => site.forwards),
      add: os.forwards.add.handler(({ input }) =>
        networking.addForward(site, site.domain(input.domain), input),
      ),
      remove: os.forwards.remove.handler(({ input }) => {
        networking.removeForward(site, input.port, input.protocol ?? 'tcp');
        return {};
      }),
    },
    captures: {
      list: os.captures.list.handler(() => site.captures),
      start: os.captures.start.handler(({ input }) =>
        networking.startCapture(site, site.domain(input.domain), input.handle, input.path),
      ),
      stop: os.captures.stop.handler(({ input }) => networking.stopCapture(site, input.id)),
    },
  };
}
