/** Renaming, deleting, and taking a deletion back. */
import type { Domain, Task } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import { volumeAddress } from '../disks/disk-source.ts';
import type { VolumeAddress } from '../disks/disk-source.ts';
import type { SiteParts } from '../site-parts.ts';
import { removeVolume } from '../storage/volumes.ts';
import { destroy } from './power.ts';

/** Also the host name inside. Errors `domain.exists`, `domain.name-reserved`, `domain.busy`. */
export async function rename(
  parts: SiteParts,
  domain: ManagedDomain,
  name: string,
): Promise<Domain> {
  domain.requireIdle();
  parts.domains.requireNameFree(name, domain);
  const before = domain.name;
  if (name === before) return domain.view;
  parts.domains.redefine(domain, { name });
  parts.events.add('info', 'domain.renamed', `Domain ${before} is now called ${name}.`, {
    domain: domain.uuid,
  });
  await renameInside(parts, domain, name);
  return domain.view;
}

export interface Removal {
  /** A running domain is forced off first. */
  force?: boolean | undefined;
  /** Its volumes are deleted too, for good, but those that something else uses. */
  disks?: boolean | undefined;
}

/**
 * Takes the definition away; until the program ends it can be had back. Errors `domain.running`,
 * `domain.busy`.
 */
export function remove(
  parts: SiteParts,
  domain: ManagedDomain,
  { force = false, disks = false }: Removal,
): Task {
  if (!force) domain.requireIdle();
  if (domain.running && !force) {
    throw new DomusError(
      'domain.running',
      `Domain ${domain.name} is ${domain.state}. Shut it down first, or delete it by force.`,
      { data: { domain: domain.name, state: domain.state } },
    );
  }
  const { name, uuid } = domain;
  return parts.tasks.start(
    { kind: 'delete', title: `Deleting ${name}`, domain: uuid },
    async () => {
      if (domain.running || domain.operation) await destroy(parts, domain);
      // A domain whose creation was cut short is gone already.
      if (!parts.domains.byUuid(uuid)) return { title: `Deleted ${name}` };
      const volumes = disks ? await removeVolumes(parts, domain) : [];
      parts.domains.setDeleted(domain, Date.now());
      parts.events.add('info', 'domain.deleted', `Domain ${name} was deleted.`, { domain: uuid });
      return { title: `Deleted ${[name, ...volumes].join(', ')}`, undo: 'undelete' };
    },
  );
}

/** A domain that comes back has none of them. @returns those that are deleted */
async function removeVolumes(parts: SiteParts, domain: ManagedDomain): Promise<string[]> {
  const { disks } = domain.definition;
  const volumes = new Map<string, VolumeAddress>();
  for (const { source } of disks) {
    const address = volumeAddress(source);
    if (address) volumes.set(source, address);
  }
  parts.domains.redefine(domain, { disks: disks.filter(({ source }) => !volumes.has(source)) });
  const removed: string[] = [];
  for (const [source, address] of volumes) {
    try {
      await removeVolume(parts, address);
      removed.push(source);
    } catch (error) {
      const { message } = DomusError.toData(error);
      const text = `${source}, a disk of ${domain.name}, was kept: ${message}`;
      parts.events.add('warning', 'volume.kept', text, { domain: domain.uuid });
    }
  }
  return removed;
}

/** Errors `domain.unknown`, `domain.exists` (its name was given away), `host.unknown`. */
export function undelete(parts: SiteParts, domain: ManagedDomain): Domain {
  parts.domains.requireNameFree(domain.name);
  parts.hosts.get(domain.definition.host);
  parts.domains.setDeleted(domain, null);
  parts.events.add('info', 'domain.undeleted', `Domain ${domain.name} is back.`, {
    domain: domain.uuid,
  });
  return domain.view;
}

/** What cannot be told to the guest now, it learns at its next start. */
async function renameInside(parts: SiteParts, domain: ManagedDomain, name: string): Promise<void> {
  const run = domain.running;
  if (!run) return;
  run.spec.name = name;
  try {
    await run.host.link.call('domain.rename', { domid: run.domid, name });
    if (domain.state === 'running') await run.agent.takeIdentity({ hostname: name });
  } catch (error) {
    parts.log.write(
      'warning',
      'rename',
      `the guest still has its old name: ${String(error)}`,
      domain.uuid,
    );
  }
}
