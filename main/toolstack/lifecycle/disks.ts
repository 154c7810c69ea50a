/** Disks of a domain that exists: attached, detached, grown. */
import type { Domain, NewDisk, Task } from '../../../shared/contract/index.ts';
import { Doorbell } from '../../../shared/ring/doorbell.ts';
import { DomusError } from '../../../shared/errors.ts';
import { makeDisks, planDisks } from '../disks/plan-disks.ts';
import type { PlannedDisk } from '../disks/plan-disks.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { RunningDomain } from '../domains/running-domain.ts';
import { requireUnprotected } from '../protection/why-not-protect.ts';
import type { SiteParts } from '../site-parts.ts';
import { requireWritable, whyNotOn } from '../storage/open-source.ts';
import type { DiskDefinition } from '../store/domain-table.ts';
import { guestOrNone } from './guest-or-none.ts';

/**
 * Adds a disk to its definition, and plugs it into a running guest: one that does not take it is
 * left without it. Errors `disk.*`, `domain.wrong-state`, `domain.busy`; `device.guest-silent` by
 * the task.
 */
export async function attachDisk(
  parts: SiteParts,
  domain: ManagedDomain,
  asked: NewDisk,
): Promise<Task> {
  guestOrNone(domain, 'given a disk');
  const planned = await planFor(parts, domain, asked);
  const run = guestOrNone(domain, 'given a disk');
  const { definition, undo } = planned[0]!;
  const { name } = definition;
  requireOn(parts, domain, definition);
  return parts.tasks.start(
    { kind: 'disk-attach', title: `Attaching ${name} to ${domain.name}`, domain: domain.uuid },
    async () => {
      try {
        await domain.exclusively(`given the disk ${name}`, async () => {
          await requireWritable(parts.storage, definition);
          await makeDisks(planned);
          const disk = run ? await plug(run, definition) : definition;
          redefine(parts, domain, [...domain.definition.disks, disk]);
        });
      } catch (error) {
        await undo();
        throw error;
      }
      tell(
        parts,
        domain,
        'attached',
        `Disk ${name} (${definition.source}) of ${domain.name} attached.`,
      );
      return { title: `Attached ${name} to ${domain.name}`, result: domain.view };
    },
  );
}

/** Its disks may change while folders are looked into. */
async function planFor(
  parts: SiteParts,
  domain: ManagedDomain,
  asked: NewDisk,
): Promise<PlannedDisk[]> {
  for (;;) {
    const { disks } = domain.definition;
    const planned = await planDisks(parts, domain.name, disks, [asked]);
    if (domain.definition.disks === disks) return planned;
  }
}

/** Its file stays. Errors `disk.not-attached`, `domain.*`; `device.guest-silent` by the task. */
export function detachDisk(parts: SiteParts, domain: ManagedDomain, name: string): Task {
  const run = guestOrNone(domain, 'relieved of a disk');
  const { source } = named(domain, name);
  return parts.tasks.start(
    { kind: 'disk-detach', title: `Detaching ${name} from ${domain.name}`, domain: domain.uuid },
    async () => {
      await domain.exclusively(`relieved of the disk ${name}`, async () => {
        if (run) await unplug(run, domain, name);
        const left = domain.definition.disks.filter((disk) => disk.name !== name);
        parts.store.transaction(() => {
          redefine(parts, domain, left);
          // Whatever made it, it is a person's from now on.
          parts.store.checkpoints.removeLayer(source);
        });
      });
      tell(parts, domain, 'detached', `Disk ${name} (${source}) of ${domain.name} detached.`);
      return { title: `Detached ${name} from ${domain.name}`, result: domain.view };
    },
  );
}

/** Makes a disk larger; a running guest is told. Errors `disk.*`, `domain.*`. */
export async function resizeDisk(
  parts: SiteParts,
  domain: ManagedDomain,
  name: string,
  bytes: number,
): Promise<Domain> {
  domain.requireIdle();
  requireUnprotected(domain, 'given a larger disk');
  const disk = named(domain, name);
  await domain.exclusively(`given a larger disk ${name}`, async () => {
    const size = domain.running
      ? await growPlugged(domain.running, name, bytes)
      : await growUnused(parts, domain, disk, bytes);
    redefine(
      parts,
      domain,
      domain.definition.disks.map((one) => (one === disk ? { ...disk, bytes: size } : one)),
    );
  });
  parts.poolViews.changed();
  tell(parts, domain, 'resized', `Disk ${name} of ${domain.name} has ${bytes / 2 ** 20} MiB now.`);
  return domain.view;
}

/** Opens all disks of its definition for its life. Errors `disk.*`. */
export async function openDisks(
  parts: SiteParts,
  domain: ManagedDomain,
  run: RunningDomain,
): Promise<void> {
  const { disks } = domain.definition;
  const opened: DiskDefinition[] = [];
  for (const disk of disks) opened.push({ ...disk, bytes: (await run.disks.add(disk)).bytes });
  run.spec.disks = run.disks.specs;
  if (JSON.stringify(opened) !== JSON.stringify(disks)) redefine(parts, domain, opened);
}

/** Error `disk.not-here`: the domain's host does not see it. */
function requireOn(parts: SiteParts, domain: ManagedDomain, disk: DiskDefinition): void {
  const host = domain.running?.host.name ?? domain.definition.host;
  const reason = whyNotOn(parts.storage.pools, [disk], host);
  if (reason === null) return;
  throw new DomusError(
    'disk.not-here',
    `Domain ${domain.name} is on ${host}: ${reason}. Move it there first, or clone the volume into a shared pool.`,
    { data: { domain: domain.name, source: disk.source, host } },
  );
}

function named(domain: ManagedDomain, name: string): DiskDefinition {
  const disk = domain.definition.disks.find((one) => one.name === name);
  if (disk) return disk;
  const names = domain.definition.disks.map((one) => one.name).join(', ');
  throw new DomusError(
    'disk.not-attached',
    `Domain ${domain.name} has no disk ${name}. ${names ? `It has ${names}.` : 'It has none.'}`,
    { data: { domain: domain.name, disk: name } },
  );
}

async function plug(run: RunningDomain, definition: DiskDefinition): Promise<DiskDefinition> {
  const disk = await run.disks.add(definition);
  try {
    await run.host.link.call('domain.attachDisk', { domid: run.domid, disk });
  } catch (error) {
    if (!run.isOver) await run.disks.remove(definition.name);
    throw silent(error, `${definition.name} is not attached: its guest did not take it`, 'attach');
  }
  run.spec.disks = run.disks.specs;
  return { ...definition, bytes: disk.bytes };
}

async function unplug(run: RunningDomain, domain: ManagedDomain, name: string): Promise<void> {
  try {
    await run.host.link.call('domain.detachDisk', { domid: run.domid, name });
  } catch (error) {
    throw silent(error, `${name} is still attached: the guest of ${domain.name} uses it`, 'detach');
  }
  await run.disks.remove(name);
  run.spec.disks = run.disks.specs;
}

function silent(error: unknown, what: string, verb: 'attach' | 'detach'): unknown {
  if (!(error instanceof DomusError) || error.code !== 'device.guest-silent') return error;
  const way =
    verb === 'attach'
      ? 'Look at its console, or attach the disk while the domain is off.'
      : 'Unmount it in the guest and detach it again, or shut the guest down first.';
  return new DomusError(error.code, `${what}. ${way}`, { data: error.data, cause: error });
}

async function growPlugged(run: RunningDomain, name: string, bytes: number): Promise<number> {
  const size = await run.disks.resize(name, bytes);
  await run.host.link.call('domain.resizeDisk', { domid: run.domid, name, bytes: size });
  return size;
}

/** Through a worker, which knows the format. */
async function growUnused(
  parts: SiteParts,
  domain: ManagedDomain,
  disk: DiskDefinition,
  bytes: number,
): Promise<number> {
  const disks = parts.disks.life({
    domid: parts.domains.newDomid(),
    name: () => domain.name,
    host: () => domain.definition.host,
    doorbell: new Doorbell().buffer,
  });
  try {
    await disks.add(disk);
    return await disks.resize(disk.name, bytes);
  } finally {
    await disks.closeAll();
  }
}

function redefine(parts: SiteParts, domain: ManagedDomain, disks: DiskDefinition[]): void {
  parts.domains.redefine(domain, { disks });
}

function tell(
  parts: SiteParts,
  domain: ManagedDomain,
  what: 'attached' | 'detached' | 'resized',
  message: string,
): void {
  parts.events.add('info', `domain.disk-${what}`, message, { domain: domain.uuid });
}
