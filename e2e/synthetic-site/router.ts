/** The contract, answered by the synthetic site. */
import type { Host, Image } from '../../shared/contract/index.ts';
import { DomusError } from '../../shared/errors.ts';
import { builder, type Builder } from './builder.ts';
import * as commands from './commands.ts';
import { interfaceRoutes, networkRoutes, storageRoutes } from './device-routes.ts';
import * as disks from './disks.ts';
import { checkpointRoutes, savingRoutes } from './checkpoints.ts';
import { drainHost } from './drain.ts';
import { insideOf, xenstoreNodes } from './inside.ts';
import type { SyntheticSite } from './site.ts';
import { startTask } from './tasks.ts';

const SECOND_MS = 1000;

export function makeRouter(site: SyntheticSite) {
  const os = builder();
  return os.router({
    site: siteRoutes(os, site),
    hosts: hostRoutes(os, site),
    domains: domainRoutes(os, site),
    checkpoints: checkpointRoutes(os, site),
    xenstore: xenstoreRoutes(os, site),
    images: imageRoutes(os, site),
    ...storageRoutes(os, site),
    ...networkRoutes(os, site),
    tasks: taskRoutes(os, site),
  });
}

function siteRoutes(os: Builder, site: SyntheticSite) {
  return {
    info: os.site.info.handler(() => ({
      version: '0.0.0-synthetic',
      home: 'synthetic',
      nodeVersion: process.version,
      engine: 'none',
      pid: process.pid,
      startedAtMs: Date.now() - process.uptime() * SECOND_MS,
      budget: { limitMiB: 16_384, usedMiB: 1024, domains: site.domains.size, maxDomains: 400 },
      processRssBytes: process.memoryUsage.rss(),
    })),
    watch: os.site.watch.handler(({ signal }) => site.changes.subscribe(signal, [site.snapshot()])),
    statistics: os.site.statistics.handler(({ signal }) => site.statistics.subscribe(signal)),
    events: os.site.events.handler(({ input, signal }) => {
      const past = site.events.slice(-(input.limit ?? 100));
      return input.follow === true
        ? site.eventFeed.subscribe(signal, past)
        : (async function* () {
            yield* past;
          })();
    }),
    log: os.site.log.handler(async function* () {
      yield { timeMs: Date.now(), level: 'info' as const, source: 'site', message: 'started' };
    }),
    shutdown: os.site.shutdown.handler(() => ({})),
  };
}

function hostRoutes(os: Builder, site: SyntheticSite) {
  return {
    list: os.hosts.list.handler(() => [...site.hosts.values()]),
    add: os.hosts.add.handler(({ input }) => {
      if (site.hosts.has(input.name)) {
        throw new DomusError(
          'host.name-taken',
          `There is a host “${input.name}” already. Choose another name.`,
        );
      }
      const host: Host = {
        name: input.name,
        memoryKiB: input.memoryMiB * 1024,
        freeKiB: input.memoryMiB * 1024,
        domain0KiB: 0,
        pcpus: input.pcpus,
        bandwidthBytesPerSecond: input.bandwidthBytesPerSecond ?? 125_000_000,
        latencyMs: input.latencyMs ?? 0.5,
        lossPercent: input.lossPercent ?? 0,
        state: 'up',
        drained: false,
      };
      site.hosts.set(host.name, host);
      site.changes.publish({ type: 'host', host });
      return host;
    }),
    crash: os.hosts.crash.handler(() => ({})),
    remove: os.hosts.remove.handler(({ input }) => {
      const host = site.host(input.host);
      const guests = [...site.domains.values()].filter((one) => one.host === host.name);
      if (guests.some((one) => !one.isDomain0)) {
        throw new DomusError(
          'host.not-empty',
          `${host.name} has domains. Move or delete them first.`,
        );
      }
      for (const domain0 of guests) site.remove(domain0);
      site.hosts.delete(host.name);
      site.changes.publish({ type: 'host-removed', name: host.name });
      return {};
    }),
    drain: os.hosts.drain.handler(({ input }) => drainHost(site, input.host)),
    undrain: os.hosts.undrain.handler(({ input }) => site.setDrained(input.host, false)),
  };
}

function domainRoutes(os: Builder, site: SyntheticSite) {
  const guest = (reference: string) => {
    const domain = site.domain(reference);
    if (!domain.isDomain0) return domain;
    throw new DomusError('domain.is-domain-0', 'Domain 0 is the host itself: it stays as it is.');
  };
  return {
    list: os.domains.list.handler(() => [...site.domains.values()]),
    get: os.domains.get.handler(({ input }) => site.domain(input.domain)),
    inside: os.domains.inside.handler(({ input }) => insideOf(site, site.domain(input.domain))),
    watchInside: os.domains.watchInside.handler(async function* ({ input, signal }) {
      const uuid = site.domain(input.domain).uuid;
      while (signal?.aborted !== true) {
        yield insideOf(site, site.domain(uuid));
        await new Promise((resolve) => setTimeout(resolve, SECOND_MS));
      }
    }),
    create: os.domains.create.handler(({ input }) => commands.createDomain(site, input)),
    start: os.domains.start.handler(({ input }) => commands.startDomain(site, guest(input.domain))),
    shutdown: os.domains.shutdown.handler(({ input }) =>
      commands.shutDown(site, guest(input.domain), false),
    ),
    reboot: os.domains.reboot.handler(({ input }) =>
      commands.shutDown(site, guest(input.domain), true),
    ),
    destroy: os.domains.destroy.handler(({ input }) =>
      commands.turnOff(site, guest(input.domain), 'forced off'),
    ),
    pause: os.domains.pause.handler(({ input }) => {
      const domain = guest(input.domain);
      commands.refuseUnless(domain, ['running'], 'paused');
      return site.update(domain, { state: 'paused' });
    }),
    unpause: os.domains.unpause.handler(({ input }) => {
      const domain = guest(input.domain);
      commands.refuseUnless(domain, ['paused'], 'resumed');
      return site.update(domain, { state: 'running' });
    }),
    rename: os.domains.rename.handler(({ input }) => {
      commands.refuseTakenName(site, input.name);
      return site.update(guest(input.domain), { name: input.name });
    }),
    delete: os.domains.delete.handler(({ input }) =>
      commands.deleteDomain(site, guest(input.domain), input.force === true),
    ),
    undelete: os.domains.undelete.handler(({ input }) =>
      commands.undeleteDomain(site, input.domain),
    ),
    setMemory: os.domains.setMemory.handler(({ input }) =>
      commands.setMemory(site, guest(input.domain), input.memoryMiB),
    ),
    attachDisk: os.domains.attachDisk.handler(({ input }) =>
      disks.attachDisk(site, guest(input.domain), input),
    ),
    detachDisk: os.domains.detachDisk.handler(({ input }) =>
      disks.detachDisk(site, guest(input.domain), input.disk),
    ),
    moveDisk: os.domains.moveDisk.handler(({ input }) =>
      disks.moveDisk(site, guest(input.domain), input.disk, input.pool),
    ),
    resizeDisk: os.domains.resizeDisk.handler(({ input }) =>
      disks.resizeDisk(site, guest(input.domain), input.disk, input.sizeMiB),
    ),
    setMaxMemory: os.domains.setMaxMemory.handler(({ input }) => {
      const domain = guest(input.domain);
      const maximumKiB = input.memoryMiB * 1024;
      return site.update(domain, { memory: { ...domain.memory, maximumKiB } });
    }),
    ...interfaceRoutes(os, site, guest),
    ...savingRoutes(os, site, guest),
    migrationTargets: os.domains.migrationTargets.handler(({ input }) =>
      commands.migrationTargets(site, guest(input.domain)),
    ),
    moves: os.domains.moves.handler(({ input }) => {
      const { uuid } = guest(input.domain);
      return [...site.moves.values()].filter(({ domain }) => domain === uuid).reverse();
    }),
    followMove: os.domains.followMove.handler(async function* ({ input, signal }) {
      const first = site.moves.get(input.id);
      if (first === undefined) throw new DomusError('move.unknown', 'There is no such move.');
      yield first;
      if (first.state !== 'running') return;
      for await (const change of site.changes.subscribe(signal)) {
        if (change.type !== 'move' || change.move.id !== input.id) continue;
        yield change.move;
        if (change.move.state !== 'running') return;
      }
    }),
    migrate: os.domains.migrate.handler(({ input }) =>
      commands.migrate(site, guest(input.domain), input.host),
    ),
    protect: os.domains.protect.handler(({ input }) =>
      commands.protect(site, guest(input.domain), input.host),
    ),
    unprotect: os.domains.unprotect.handler(({ input }) =>
      site.update(guest(input.domain), { protection: null }),
    ),
    exec: os.domains.exec.handler(async function* () {
      yield { type: 'exit' as const, status: 127 };
    }),
    dmesg: os.domains.dmesg.handler(({ input }) => ({
      text: `[    0.000000] Linux version 6.1.0-40-686-pae, ${site.domain(input.domain).name}\n`,
    })),
  };
}

function xenstoreRoutes(os: Builder, site: SyntheticSite) {
  return {
    list: os.xenstore.list.handler(({ input }) => xenstoreNodes(site, input.path)),
    read: os.xenstore.read.handler(() => ({ value: '' })),
    write: os.xenstore.write.handler(() => ({})),
    remove: os.xenstore.remove.handler(() => ({})),
    watch: os.xenstore.watch.handler(async function* ({ input, signal }) {
      const changes = site.changes.subscribe(signal);
      for await (const change of changes) {
        if (change.type !== 'domain' || change.domain.domid === null) continue;
        const path = `/local/domain/${change.domain.domid}/memory/target`;
        if (path.startsWith(input.path)) yield { path };
      }
    }),
  };
}

function imageRoutes(os: Builder, site: SyntheticSite) {
  const publish = (images: Image[]) => {
    site.images = images;
    site.changes.publish({ type: 'images', images });
  };
  return {
    list: os.images.list.handler(() => site.images),
    build: os.images.build.handler(() =>
      startTask(site, {
        kind: 'image-build',
        title: 'Building debian-12-i386',
        domain: null,
        host: null,
        durationMs: 3000,
        cancellable: true,
        detail: (done) => (done < 0.4 ? 'fetching packages' : 'packing the initrd'),
        finish: () => ({ title: 'Built debian-12-i386' }),
      }),
    ),
    import: os.images.import.handler(({ input }) => {
      if (input.kernelPath?.includes('vmlinuz') === false) {
        throw new DomusError(
          'image.not-a-kernel',
          `${input.kernelPath} is not a Linux kernel. Give the path of a bzImage.`,
        );
      }
      const image: Image = {
        id: input.name,
        name: input.name,
        kind: 'imported',
        kernelVersion: '6.12.0',
        cmdline: input.cmdline ?? 'console=hvc0',
        sizeBytes: 30_000_000,
        diskBytes: input.diskPath === undefined ? null : 4 * 2 ** 30,
        createdAtMs: Date.now(),
        goldenMiB: [],
        isDefault: false,
      };
      publish([...site.images, image]);
      return image;
    }),
    remove: os.images.remove.handler(({ input }) => {
      const users = [...site.domains.values()].filter((one) => one.image === input.image);
      if (users.length > 0) {
        throw new DomusError(
          'image.in-use',
          `${users.length} domains use ${input.image}. Delete them first.`,
        );
      }
      publish(site.images.filter((image) => image.id !== input.image));
      return {};
    }),
  };
}

function taskRoutes(os: Builder, site: SyntheticSite) {
  const find = (id: string) => {
    const task = site.tasks.get(id);
    if (task !== undefined) return task;
    throw new DomusError('task.unknown', 'There is no such task.');
  };
  async function* follow(id: string, signal: AbortSignal | undefined) {
    const first = find(id);
    yield first;
    if (first.state !== 'running') return;
    for await (const change of site.changes.subscribe(signal)) {
      if (change.type !== 'task' || change.task.id !== id) continue;
      yield change.task;
      if (change.task.state !== 'running') return;
    }
  }
  return {
    list: os.tasks.list.handler(({ input }) => site.newestTasks(input.limit ?? 200)),
    wait: os.tasks.wait.handler(async ({ input, signal }) => {
      let last = find(input.id);
      for await (const task of follow(input.id, signal)) last = task;
      return last;
    }),
    follow: os.tasks.follow.handler(({ input, signal }) => follow(input.id, signal)),
    cancel: os.tasks.cancel.handler(({ input }) => {
      const task = find(input.id);
      const cancelled = { ...task, state: 'cancelled' as const, endedAtMs: Date.now() };
      site.setTask({ ...cancelled, title: `Cancelled: ${task.title}`, cancellable: false });
      return cancelled;
    }),
  };
}
