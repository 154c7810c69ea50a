import type { Domain, Protection } from '../../../shared/contract/index.ts';
import { diskLine } from './disk-lines.ts';
import { interfaceLine } from './network-lines.ts';
import { keyValues } from './table.ts';
import { duration, mib, timestamp } from './units.ts';

/** A domain, a line for each thing that there is to say. */
export function domainLines(domain: Domain, nowMs = Date.now()): string[] {
  const { memory, startedAtMs } = domain;
  const pairs: [string, string | number | null][] = [
    ['name', domain.name],
    ['uuid', domain.uuid],
    ['domid', domain.domid],
    ['host', domain.host],
    ['state', domain.state],
    ['reason', domain.reason],
    ['image', domain.image === '' ? null : domain.image],
    ['vcpus', domain.vcpus],
    ['memory', domain.domid === null ? null : `${mib(memory.actualKiB)} MiB`],
    ['memory_target', `${mib(memory.targetKiB)} MiB`],
    ['maxmem', `${mib(memory.maximumKiB)} MiB`],
    ['address', domain.address],
    ...domain.disks.map((disk): [string, string] => ['disk', diskLine(disk)]),
    ...domain.interfaces.map((one): [string, string] => ['interface', interfaceLine(one)]),
    ['protection', domain.protection && protectionLine(domain.protection, nowMs)],
    ['on_poweroff', domain.onPoweroff],
    ['on_reboot', domain.onReboot],
    ['on_crash', domain.onCrash],
    ['created', timestamp(domain.createdAtMs)],
    ['uptime', startedAtMs === null ? null : duration(nowMs - startedAtMs)],
    [
      'was_running',
      domain.wasRunning ? 'when Domus ended; start it again with "domus start"' : null,
    ],
  ];
  return keyValues(pairs.filter((pair): pair is [string, string | number] => pair[1] !== null));
}

/** `on beta: 19.8 checkpoints a second, the last 60 ms ago` */
function protectionLine(protection: Protection, nowMs: number): string {
  const { host, checkpointsPerSecond, lastCheckpointAtMs } = protection;
  const age = duration(Math.max(0, nowMs - lastCheckpointAtMs));
  return `on ${host}: ${checkpointsPerSecond.toFixed(1)} checkpoints a second, the last ${age} ago`;
}
