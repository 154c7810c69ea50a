/** What can be asked of the synthetic site's domains. */
import type { CreateDomain, Domain, MigrationTarget, Task } from '../../shared/contract/index.ts';
import { DomusError } from '../../shared/errors.ts';
import { newDisk } from './disks.ts';
import { PlayedMove } from './moves.ts';
import { newInterface } from './networking.ts';
import type { SyntheticSite } from './site.ts';
import { startTask } from './tasks.ts';

const PAGE_KIB = 4;
const MIGRATION_MS = 1500;
const START_MS = 600;

export function createDomain(site: SyntheticSite, request: CreateDomain): Task {
  refuseTakenName(site, request.name);
  const memoryKiB = (request.memoryMiB ?? 64) * 1024;
  const maximumKiB = (request.maxMemoryMiB ?? Math.max(128, request.memoryMiB ?? 64)) * 1024;
  if (maximumKiB < memoryKiB) {
    throw new DomusError(
      'domain.memory-beyond-maximum',
      `${memoryKiB / 1024} MiB of memory are more than the maximum of ${maximumKiB / 1024} MiB. Ask for less, or raise the maximum.`,
    );
  }
  const hostName = request.host ?? roomiestHost(site);
  refuseFullHost(site, hostName, memoryKiB);
  const domain = newDomain(site, request, hostName, { memoryKiB, maximumKiB });
  for (const asked of request.disks ?? []) domain.disks.push(newDisk(site, domain, asked));
  for (const asked of request.interfaces ?? []) {
    domain.interfaces.push(newInterface(site, domain, asked));
  }
  domain.address = domain.interfaces[0]?.address ?? null;
  site.domains.set(domain.uuid, domain);
  site.update(domain, {});
  if (domain.disks.length > 0) site.publishPools();
  return startTask(site, {
    kind: 'create',
    title: `Creating ${domain.name}`,
    domain: domain.uuid,
    host: hostName,
    durationMs: request.cold === true ? 4 * START_MS : START_MS,
    detail: (done) => (done < 0.5 ? 'cloning the golden snapshot' : 'waiting for the guest'),
    step: (done) => {
      if (request.name === 'fails' && done >= 0.6) {
        throw new DomusError(
          'domain.guest-silent',
          'The guest of “fails” did not answer within 30 s. Look at its console, or start it cold.',
        );
      }
    },
    finish: () => {
      const started = site.update(site.domain(domain.uuid), {
        state: 'running',
        startedAtMs: Date.now(),
      });
      return { title: `Created ${domain.name}`, result: started };
    },
    abandon: () => void site.update(site.domain(domain.uuid), { state: 'shut-off', domid: null }),
  });
}

export function startDomain(site: SyntheticSite, domain: Domain): Task {
  refuseUnless(domain, ['shut-off', 'saved', 'crashed'], 'started');
  refuseFullHost(site, domain.host, domain.memory.targetKiB);
  site.update(domain, {
    state: 'starting',
    domid: site.takeDomid(),
    reason: null,
    wasRunning: false,
    memory: { ...domain.memory, actualKiB: domain.memory.targetKiB },
  });
  return startTask(site, {
    kind: 'start',
    title: `Starting ${domain.name}`,
    domain: domain.uuid,
    host: domain.host,
    durationMs: START_MS,
    finish: () => {
      site.update(site.domain(domain.uuid), { state: 'running', startedAtMs: Date.now() });
      return { title: `Started ${domain.name}` };
    },
  });
}

export function shutDown(site: SyntheticSite, domain: Domain, reboot: boolean): Task {
  refuseUnless(domain, ['running'], reboot ? 'rebooted' : 'shut down');
  site.update(domain, { state: 'shutting-down' });
  return startTask(site, {
    kind: reboot ? 'reboot' : 'shutdown',
    title: `${reboot ? 'Rebooting' : 'Shutting down'} ${domain.name}`,
    domain: domain.uuid,
    host: domain.host,
    durationMs: 2 * START_MS,
    finish: () => {
      const last = site.domain(domain.uuid);
      if (reboot) site.update(last, { state: 'running', startedAtMs: Date.now() });
      else turnOff(site, last, 'shut down by its guest');
      return { title: `${reboot ? 'Rebooted' : 'Shut down'} ${domain.name}` };
    },
  });
}

export function turnOff(site: SyntheticSite, domain: Domain, reason: string): Domain {
  return site.update(domain, {
    state: 'shut-off',
    domid: null,
    startedAtMs: null,
    reason,
    memory: { ...domain.memory, actualKiB: 0 },
  });
}

export function deleteDomain(site: SyntheticSite, domain: Domain, force: boolean): Task {
  if (domain.domid !== null && !force) {
    throw new DomusError(
      'domain.running',
      `“${domain.name}” is ${domain.state}. Shut it down first, or force it off.`,
    );
  }
  const off = domain.domid === null ? domain : turnOff(site, domain, 'forced off');
  site.remove(off);
  site.deleted.set(off.uuid, off);
  return startTask(site, {
    kind: 'delete',
    title: `Deleting ${domain.name}`,
    domain: domain.uuid,
    host: domain.host,
    durationMs: 100,
    undo: 'undelete',
    finish: () => ({ title: `Deleted ${domain.name}` }),
  });
}

export function undeleteDomain(site: SyntheticSite, reference: string): Domain {
  const domain = site.deleted.get(reference);
  if (domain === undefined) {
    throw new DomusError('domain.unknown', 'This deletion cannot be taken back any more.');
  }
  site.deleted.delete(reference);
  for (const task of site.tasks.values()) {
    if (task.domain === domain.uuid && task.undo !== null) site.setTask({ ...task, undo: null });
  }
  site.domains.set(domain.uuid, domain);
  return site.update(domain, {});
}

export function setMemory(site: SyntheticSite, domain: Domain, memoryMiB: number): Domain {
  const { minimumKiB, maximumKiB, targetKiB, actualKiB } = domain.memory;
  const askedKiB = memoryMiB * 1024;
  if (askedKiB < minimumKiB || askedKiB > maximumKiB) {
    throw new DomusError(
      'domain.memory-out-of-range',
      `${domain.name} can have ${minimumKiB / 1024} to ${maximumKiB / 1024} MiB.`,
    );
  }
  const moreKiB = askedKiB - Math.max(targetKiB, actualKiB);
  if (domain.domid !== null && moreKiB > 0) refuseFullHost(site, domain.host, moreKiB);
  return site.update(domain, { memory: { ...domain.memory, targetKiB: askedKiB } });
}

export function migrationTargets(site: SyntheticSite, domain: Domain): MigrationTarget[] {
  return [...site.hosts.values()].map((host) => {
    const reason = refusal(site, domain, host.name);
    return {
      host: host.name,
      possible: reason === null,
      reason,
      pages: domain.memory.actualKiB / PAGE_KIB,
      ...disksTo(site, domain, host.name),
      estimatedStopMs: stopMs(site, domain, host.name),
    };
  });
}

export function migrate(site: SyntheticSite, domain: Domain, hostName: string): Task {
  site.host(hostName);
  const reason = refusal(site, domain, hostName);
  if (reason !== null) throw new DomusError('migration.refused', reason);
  const before = domain.state;
  const totalMiB = domain.memory.actualKiB / 1024;
  const downMs = stopMs(site, domain, hostName);
  const move = new PlayedMove(site, domain, hostName, MIGRATION_MS, downMs);
  site.update(domain, { state: 'migrating' });
  const task = startTask(site, {
    kind: 'migrate',
    title: `Moving ${domain.name} to ${hostName}`,
    domain: domain.uuid,
    host: hostName,
    durationMs: MIGRATION_MS,
    cancellable: true,
    detail: (done) => `copying memory, ${Math.round(done * totalMiB)} of ${totalMiB} MiB`,
    finish: () => {
      site.update(site.domain(domain.uuid), { host: hostName, state: before });
      return {
        title: `Moved ${domain.name} to ${hostName} (${downMs} ms down)`,
        result: move.finish(),
      };
    },
    step: (done) => move.step(done),
    abandon: () => {
      move.cancel(domain.name);
      site.update(site.domain(domain.uuid), { state: before });
    },
  });
  move.begin(task.id);
  return task;
}

export function protect(site: SyntheticSite, domain: Domain, host: string): Task {
  refuseUnless(domain, ['running'], 'protected');
  return startTask(site, {
    kind: 'protect',
    title: `Protecting ${domain.name} on ${host}`,
    domain: domain.uuid,
    host,
    durationMs: MIGRATION_MS,
    cancellable: true,
    detail: (done) => `round 1: ${Math.round((1 - done) * 900)} pages written meanwhile`,
    finish: () => {
      const protection = {
        host,
        intervalMs: 50,
        sinceMs: Date.now(),
        checkpoints: 40,
        checkpointsPerSecond: 19.6,
        lastCheckpointAtMs: Date.now(),
        stoppedMs: 6,
        acknowledgedAfterMs: 14,
        pagesPerCheckpoint: 220,
        bytesPerCheckpoint: 900_000,
      };
      site.update(site.domain(domain.uuid), { protection });
      return { title: `Protected ${domain.name} on ${host}` };
    },
  });
}

/** Of pools that the host does not see, and the one that it has. */
function disksTo(
  site: SyntheticSite,
  { disks }: Domain,
  hostName: string,
): Pick<MigrationTarget, 'diskBytes' | 'diskPool'> {
  const pools = [...site.pools.values()];
  const unseen = pools
    .filter(({ host }) => host !== null && host !== hostName)
    .flatMap(({ name, volumes }) =>
      [...volumes.values()].filter((one) =>
        disks.some(({ source }) => source === `${name}/${one.name}`),
      ),
    );
  const pool = pools.find(({ host }) => host === hostName) ?? pools[0];
  return {
    diskBytes: unseen.reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0),
    diskPool: unseen.length > 0 ? (pool?.name ?? null) : null,
  };
}

/** As if the last round carried a fiftieth of the memory. */
function stopMs(site: SyntheticSite, domain: Domain, hostName: string): number {
  const bytes = (domain.memory.actualKiB * 1024) / 50;
  return Math.round((bytes / site.host(hostName).bandwidthBytesPerSecond) * 1000 + 8);
}

export function refuseTakenName(site: SyntheticSite, name: string): void {
  if (![...site.domains.values()].some((one) => one.name === name)) return;
  throw new DomusError(
    'domain.name-taken',
    `There is a domain “${name}” already. Choose another name.`,
  );
}

export function refuseUnless(
  domain: Domain,
  states: readonly Domain['state'][],
  done: string,
): void {
  if (states.includes(domain.state)) return;
  throw new DomusError(
    'domain.wrong-state',
    `“${domain.name}” is ${domain.state} and cannot be ${done}.`,
  );
}

function refusal(site: SyntheticSite, domain: Domain, hostName: string): string | null {
  const host = site.host(hostName);
  if (domain.host === hostName) return `It is on ${hostName} already.`;
  if (domain.state !== 'running' && domain.state !== 'paused') {
    return `${domain.name} is ${domain.state}: only a running domain can move.`;
  }
  if (host.freeKiB < domain.memory.actualKiB) {
    return `${hostName} has ${mib(host.freeKiB)} MiB free, ${domain.name} needs ${mib(domain.memory.actualKiB)} MiB.`;
  }
  return null;
}

function refuseFullHost(site: SyntheticSite, hostName: string, neededKiB: number): void {
  const host = site.host(hostName);
  if (host.freeKiB >= neededKiB) return;
  throw new DomusError(
    'host.out-of-memory',
    `${hostName} has ${mib(host.freeKiB)} MiB free, ${mib(neededKiB)} MiB are needed. Ask for less, or free some there.`,
  );
}

function roomiestHost(site: SyntheticSite): string {
  const hosts = [...site.hosts.values()];
  const open = hosts.filter(({ drained }) => !drained);
  return (open.length > 0 ? open : hosts).reduce((best, host) =>
    host.freeKiB > best.freeKiB ? host : best,
  ).name;
}

function newDomain(
  site: SyntheticSite,
  request: CreateDomain,
  host: string,
  memory: { memoryKiB: number; maximumKiB: number },
): Domain {
  return {
    uuid: site.random.uuid(),
    name: request.name,
    domid: site.takeDomid(),
    host,
    state: 'starting',
    reason: null,
    wasRunning: false,
    isDomain0: false,
    protection: null,
    image: request.image ?? 'debian-12-i386',
    vcpus: 1,
    memory: {
      actualKiB: memory.memoryKiB,
      targetKiB: memory.memoryKiB,
      minimumKiB: Math.min(32 * 1024, memory.memoryKiB),
      maximumKiB: memory.maximumKiB,
    },
    onPoweroff: request.onPoweroff ?? 'destroy',
    onReboot: request.onReboot ?? 'restart',
    onCrash: request.onCrash ?? 'preserve',
    createdAtMs: Date.now(),
    startedAtMs: null,
    address: null,
    disks: [],
    interfaces: [],
    checkpoints: null,
  };
}

function mib(kib: number): number {
  return Math.round(kib / 1024);
}
