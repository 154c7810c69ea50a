/** A disk of a domain goes to another pool, also while the domain runs and writes to it. */
import type { Task } from '../../../shared/contract/index.ts';
import { Doorbell } from '../../../shared/ring/doorbell.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { OpenDisks } from '../disks/open-disks.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { SiteParts } from '../site-parts.ts';
import { DiskCopies } from '../storage/disk-copies.ts';
import { planCopies } from '../storage/plan-copies.ts';
import type { DiskDefinition } from '../store/domain-table.ts';
import { unlessAborted } from '../streams/waiting.ts';
import type { RunningTask } from '../tasks/task.ts';
import { guestOrNone } from './guest-or-none.ts';

/** No link limits it. */
const BYTES_PER_SECOND = 400 * 2 ** 20;

export interface DiskMove {
  /** Of the domain: `xvda`. */
  disk: string;
  pool: string;
  /** The original is not deleted. */
  keep?: boolean | undefined;
}

/** Errors `disk.*`, `domain.*`, `pool.*`; the rest is told by the task. */
export async function moveDisk(
  parts: SiteParts,
  domain: ManagedDomain,
  asked: DiskMove,
): Promise<Task> {
  const run = guestOrNone(domain, 'given another volume');
  const disk = movable(domain, asked);
  const host = run?.host.name ?? domain.definition.host;
  const plans = await planCopies(parts.storage, [disk], host, asked.pool);
  const { name, uuid } = domain;
  return parts.tasks.start(
    {
      kind: 'disk-move',
      title: `Moving ${disk.name} of ${name} to pool ${asked.pool}`,
      domain: uuid,
      cancellable: true,
    },
    async (task) => {
      const copies = new DiskCopies(parts, plans, `domain ${name}`, {
        bytesPerSecond: BYTES_PER_SECOND,
        keepsOriginals: asked.keep ?? false,
      });
      await domain.exclusively(
        `given its disk ${disk.name} in pool ${asked.pool}`,
        () => move(parts, domain, disk, copies, task),
        () => task.cancel(),
      );
      const { to } = copies.report[0]!;
      const text = `Disk ${disk.name} of ${name} moved from ${disk.source} to ${to}.`;
      parts.events.add('info', 'disk.moved', text, { domain: uuid });
      return { title: `Moved ${disk.name} of ${name} to ${to}`, result: domain.view };
    },
  );
}

/** Errors `disk.not-attached`, `disk.in-pool`. */
function movable(domain: ManagedDomain, { disk: name, pool }: DiskMove): DiskDefinition {
  const disk = domain.definition.disks.find((one) => one.name === name);
  const data = { domain: domain.name, disk: name, pool };
  if (!disk) {
    const names = domain.definition.disks.map((one) => one.name).join(', ') || 'none';
    throw new DomusError(
      'disk.not-attached',
      `Domain ${domain.name} has no disk ${name}. It has ${names}.`,
      { data },
    );
  }
  if (!disk.source.startsWith(`${pool}/`)) return disk;
  throw new DomusError(
    'disk.in-pool',
    `The disk ${name} of ${domain.name} is in pool ${pool} already (${disk.source}). Name another pool.`,
    { data },
  );
}

async function move(
  parts: SiteParts,
  domain: ManagedDomain,
  disk: DiskDefinition,
  copies: DiskCopies,
  task: RunningTask,
): Promise<void> {
  const { running } = domain;
  const disks = running?.disks ?? (await openAlone(parts, domain, disk));
  try {
    await copyAndCommit(parts, domain, disks, copies, task);
    try {
      await copies.keep();
    } catch (error) {
      // The domain has ended, or is about to, with its disks' worker: its next start has the copy.
      parts.log.write('warning', 'storage', String(error), domain.uuid);
      await disks.closeAll();
    }
    if (!running) await disks.closeAll();
    await copies.finish();
  } finally {
    if (!running) await disks.closeAll();
  }
}

/** What fails is undone: the domain has the disk that it had. */
async function copyAndCommit(
  parts: SiteParts,
  domain: ManagedDomain,
  open: OpenDisks,
  copies: DiskCopies,
  task: RunningTask,
): Promise<void> {
  const { definition } = domain;
  const disks = copies.definitions(definition.disks);
  try {
    const copied = copies.copy(open, (fraction, detail) => task.progress(fraction, detail));
    await unlessAborted(copied, task.signal);
    await copies.bind();
    task.holdOn();
    parts.store.transaction(() => {
      parts.domains.redefine(domain, { disks });
      copies.note();
    });
  } catch (error) {
    await copies.undo();
    throw error;
  }
}

/** The disk of a domain that is off, for as long as it is copied. */
async function openAlone(
  parts: SiteParts,
  domain: ManagedDomain,
  disk: DiskDefinition,
): Promise<OpenDisks> {
  const disks = parts.disks.life({
    domid: parts.domains.newDomid(),
    name: () => domain.name,
    host: () => domain.definition.host,
    doorbell: new Doorbell().buffer,
  });
  try {
    await disks.add(disk);
    return disks;
  } catch (error) {
    await disks.closeAll();
    throw error;
  }
}
