/** A new domain: everything that can be known to be wrong is said at once, the rest by its task. */
import { randomUUID } from 'node:crypto';
import type { CreateDomain, Task } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { makeDisks, planDisks, undoDisks } from '../disks/plan-disks.ts';
import type { PlannedDisk } from '../disks/plan-disks.ts';
import type { ImageRecord } from '../image-source.ts';
import { planInterfaces } from '../networks/plan-interfaces.ts';
import { planMemory } from '../placement/memory-rules.ts';
import type { MemoryPlan } from '../placement/memory-rules.ts';
import { place } from '../placement/placement.ts';
import type { SiteParts } from '../site-parts.ts';
import { whyNotOn } from '../storage/open-source.ts';
import type { BootMode, DiskDefinition, DomainDefinition } from '../store/domain-table.ts';
import type { InterfaceDefinition } from '../store/interface-table.ts';
import { unlessAborted } from '../streams/waiting.ts';
import type { RunningTask } from '../tasks/task.ts';
import { hasAddresses, UNASKED } from './addresses.ts';
import { planRootDisk } from './root-disk.ts';
import { startDomain } from './start-domain.ts';

/** For a domain whose image has a disk, where nothing is said. */
const DISK_IMAGE_MIB = 256;

/**
 * Checks, and starts the task that makes it; the task ends when the guest answers, and has its
 * addresses. A start that fails leaves no definition. Errors: `domain.exists`,
 * `domain.name-reserved`, `memory.*`, `placement.no-host`, `host.*`, `image.unknown`, `image.no-disk`,
 * `budget.*`, `disk.*`, `network.*`, `interface.*`.
 */
export async function createDomain(
  parts: SiteParts,
  asked: CreateDomain,
  names: NameClaims,
): Promise<Task> {
  const image = asked.image === undefined ? null : await parts.images.find(asked.image);
  parts.domains.requireNameFree(asked.name);
  const boot = bootMode(asked, image);
  const memory = hasDisk(image) ? withRoomForDebian(asked) : asked;
  const plan = planMemory({ ...memory, boot }, parts.hosts.largestKiB);
  const root = await planRootDisk(parts, asked.name, image, asked.diskSizeMiB);
  const present = root.map(({ definition }) => definition);
  const disks = [...root, ...(await planDisks(parts, asked.name, present, asked.disks ?? []))];
  // Folders were looked into meanwhile.
  parts.domains.requireNameFree(asked.name);
  const host = chooseHost(parts, asked, plan, disks);
  parts.budget.check(plan.memoryKiB, asked.name);
  plannedInterfaces(parts, asked);
  const release = names.claim(asked.name);
  return parts.tasks.start(
    { kind: 'create', title: `Creating ${asked.name}`, host, cancellable: true },
    async (task) => {
      try {
        await makeDisks(disks);
        const { id } = image ?? (await defaultImage(parts, task));
        const definition = define(parts, asked, {
          plan: { ...plan, boot },
          host,
          image: id,
          disks,
        });
        return await realise(parts, definition, task);
      } catch (error) {
        await undoDisks(disks);
        throw error;
      } finally {
        release();
      }
    },
  );
}

/** What a snapshot knows of a mounted disk would not be so of another domain's. */
function bootMode(asked: CreateDomain, image: ImageRecord | null): BootMode {
  return asked.cold || hasDisk(image) ? 'cold' : 'clone';
}

function hasDisk(image: ImageRecord | null): boolean {
  return image !== null && image.diskBytes !== null;
}

/** apt alone needs more than an initramfs's whole system. */
function withRoomForDebian(asked: CreateDomain): CreateDomain {
  const memoryMiB = asked.memoryMiB ?? Math.min(DISK_IMAGE_MIB, asked.maxMemoryMiB ?? Infinity);
  return { ...asked, memoryMiB };
}

/** Names of domains that are not in the registry yet. */
export class NameClaims {
  private readonly claimed = new Set<string>();

  /** Error `domain.exists`. */
  claim(name: string): () => void {
    const key = name.toLowerCase();
    if (this.claimed.has(key)) {
      throw new DomusError(
        'domain.exists',
        `A domain ${name} is being created already. Choose another name.`,
        { data: { domain: name } },
      );
    }
    this.claimed.add(key);
    return () => this.claimed.delete(key);
  }
}

async function realise(
  parts: SiteParts,
  definition: DomainDefinition,
  task: RunningTask,
): Promise<{ title: string; result: unknown }> {
  const domain = parts.domains.insert(definition);
  task.about(domain.uuid);
  try {
    await domain.exclusively(
      'created',
      () => startDomain(parts, domain, { mode: definition.boot, task }),
      () => task.cancel(),
    );
  } catch (error) {
    parts.domains.remove(domain);
    throw error;
  }
  const { name, host } = domain.definition;
  parts.events.add('info', 'domain.created', `Domain ${name} was created on ${host}.`, {
    domain: domain.uuid,
    host,
  });
  const run = domain.running;
  const isAddressed =
    !run || (await hasAddresses(domain, run, domain.definition.interfaces, task.signal));
  return {
    title: `Created ${name} on ${host}${isAddressed ? '' : UNASKED}`,
    result: domain.view,
  };
}

function defaultImage(parts: SiteParts, task: RunningTask): Promise<ImageRecord> {
  task.progress(null, 'looking for the Debian image; it is built where there is none');
  return unlessAborted(parts.defaultImage.get(parts), task.signal);
}

/** A machine begins with all of its maximum; its balloon gives the rest back after. */
function chooseHost(
  parts: SiteParts,
  asked: CreateDomain,
  plan: MemoryPlan,
  disks: readonly PlannedDisk[],
): string {
  const definitions = disks.map(({ definition }) => definition);
  if (asked.host === undefined) {
    const seeing = parts.hosts
      .all()
      .filter(({ name }) => whyNotOn(parts.storage.pools, definitions, name) === null);
    if (seeing.length === 0) throw noHostSees(asked.name, definitions);
    const candidates = seeing.map((host) => host.candidate);
    return place(candidates, plan.maxMemoryKiB, asked.name);
  }
  const host = parts.hosts.get(asked.host);
  void host.link; // it must be up
  const reason = whyNotOn(parts.storage.pools, definitions, host.name);
  if (reason !== null) throw notThere(asked.name, host.name, reason);
  host.ledger.require(plan.maxMemoryKiB, asked.name);
  return host.name;
}

function noHostSees(name: string, disks: readonly DiskDefinition[]): DomusError {
  const sources = disks.map(({ source }) => source);
  return new DomusError(
    'disk.not-here',
    `No host sees all disks of ${name} (${sources.join(', ')}): they are in local pools of several hosts. Clone them into a shared pool.`,
    { data: { domain: name, sources } },
  );
}

function notThere(name: string, host: string, reason: string): DomusError {
  return new DomusError(
    'disk.not-here',
    `Domain ${name} cannot be on ${host}: ${reason}. Create it there, or clone the volume into a shared pool.`,
    { data: { domain: name, host } },
  );
}

interface Chosen {
  plan: MemoryPlan & { boot: BootMode };
  host: string;
  image: string;
  disks: readonly PlannedDisk[];
}

/** Its addresses are chosen now: nothing may come between this and its insertion. */
function define(
  parts: SiteParts,
  asked: CreateDomain,
  { plan, host, image, disks }: Chosen,
): DomainDefinition {
  return {
    uuid: randomUUID(),
    name: asked.name,
    host,
    image,
    vcpus: 1,
    ...plan,
    onPoweroff: asked.onPoweroff ?? 'destroy',
    onReboot: asked.onReboot ?? 'restart',
    onCrash: asked.onCrash ?? 'destroy',
    createdAtMs: Date.now(),
    disks: disks.map((disk) => disk.definition),
    interfaces: plannedInterfaces(parts, asked),
  };
}

/** What they would be now, or why they cannot be. */
function plannedInterfaces(parts: SiteParts, asked: CreateDomain): InterfaceDefinition[] {
  return planInterfaces(parts.networks, asked.name, [], asked.interfaces ?? []);
}
