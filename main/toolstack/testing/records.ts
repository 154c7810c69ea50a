/** Records for tests, the same for the same name. */
import { createHash } from 'node:crypto';
import type { DomainDefinition } from '../store/domain-table.ts';
import type { HostDefinition } from '../store/host-table.ts';

export function host(name: string): HostDefinition {
  return {
    name,
    domain0Uuid: uuidOf(`host ${name}`),
    memoryKiB: 1 << 20,
    domain0KiB: 32 << 10,
    pcpus: 2,
    bandwidthBytesPerSecond: 125e6,
    latencyMs: 0.2,
    lossPercent: 0,
    drained: false,
    createdAtMs: 1,
  };
}

export function definition(name: string, at: string): DomainDefinition {
  return {
    uuid: uuidOf(`domain ${name}`),
    name,
    host: at,
    image: 'debian',
    vcpus: 1,
    memoryKiB: 128 << 10,
    maxMemoryKiB: 128 << 10,
    boot: 'clone',
    onPoweroff: 'destroy',
    onReboot: 'restart',
    onCrash: 'destroy',
    createdAtMs: 1,
    disks: [],
    interfaces: [],
  };
}

function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
