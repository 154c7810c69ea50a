/** Domain 0 of a host, as lists show it: it holds fixed memory and runs on the host's own thread. */
import type { Domain, MemoryState } from '../../../shared/contract/index.ts';
import type { SiteHost } from '../hosts/site-host.ts';

export const DOMAIN0_NAME = 'Domain-0';

export function domain0View(host: SiteHost, startedAtMs: number): Domain {
  const { definition } = host;
  return {
    uuid: definition.domain0Uuid,
    name: DOMAIN0_NAME,
    domid: host.isUp ? 0 : null,
    host: host.name,
    state: host.isUp ? 'running' : 'crashed',
    reason: host.isUp ? null : `host ${host.name} is down`,
    wasRunning: false,
    isDomain0: true,
    image: '',
    vcpus: 1,
    memory: domain0Memory(host),
    onPoweroff: 'restart',
    onReboot: 'restart',
    onCrash: 'restart',
    createdAtMs: definition.createdAtMs,
    startedAtMs: host.isUp ? startedAtMs : null,
    address: null,
    disks: [],
    interfaces: [],
    protection: null,
    checkpoints: null,
  };
}

export function domain0Memory({ definition: { domain0KiB } }: SiteHost): MemoryState {
  return {
    actualKiB: domain0KiB,
    targetKiB: domain0KiB,
    minimumKiB: domain0KiB,
    maximumKiB: domain0KiB,
  };
}
