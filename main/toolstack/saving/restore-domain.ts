/** A saved domain goes on: from a person's file, or from the one that the program keeps for it. */
import { rmSync } from 'node:fs';
import type { RestoreDomain, Task } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { SiteParts } from '../site-parts.ts';
import { whyNotOn } from '../storage/open-source.ts';
import type { DomainDefinition } from '../store/domain-table.ts';
import { managedFile } from './save-domain.ts';
import { openStateFile } from './state-file.ts';
import { startFromState } from './start-from-state.ts';

/**
 * Checks, and starts the task that ends when its guest answers. Errors `state.*`, `domain.*`, `host.*`,
 * `disk.*`; the rest is told by the task.
 */
export async function restore(
  parts: SiteParts,
  { file, host, paused, force = false }: RestoreDomain,
): Promise<Task> {
  const state = await openStateFile(file);
  try {
    const { definition, wasPaused } = state.record;
    const domain = ownerOf(parts, definition, host);
    const { uuid, name } = domain.definition;
    return parts.tasks.start(
      { kind: 'restore', title: `Restoring ${name}`, domain: uuid, cancellable: true },
      async (task) => {
        try {
          await domain.exclusively(
            'restored',
            () =>
              startFromState(parts, domain, state, { task, paused: paused ?? wasPaused, force }),
            () => task.cancel(),
          );
        } finally {
          await state.close();
        }
        tell(parts, domain, file);
        return { title: `Restored ${name}`, result: domain.view };
      },
    );
  } catch (error) {
    await state.close();
    throw error;
  }
}

/** Goes on from what the program keeps for it, once. The caller holds the domain for itself. */
export async function startSaved(
  parts: SiteParts,
  domain: ManagedDomain,
  task: Parameters<typeof startFromState>[3]['task'],
): Promise<void> {
  const path = managedFile(parts, domain.uuid);
  const state = await openStateFile(path);
  try {
    const { wasPaused: paused } = state.record;
    await startFromState(parts, domain, state, { task, paused });
  } finally {
    await state.close();
  }
  rmSync(path, { force: true });
  tell(parts, domain, null);
}

/** The domain that goes on, made anew where it was deleted. Errors `domain.*`, `state.*`. */
function ownerOf(
  parts: SiteParts,
  saved: DomainDefinition,
  wantedHost: string | undefined,
): ManagedDomain {
  const known = parts.domains.byUuid(saved.uuid);
  const host = parts.hosts.get(wantedHost ?? known?.definition.host ?? saved.host).name;
  const reason = whyNotOn(parts.storage.pools, saved.disks, host);
  if (reason !== null) {
    throw new DomusError(
      'disk.not-here',
      `Domain ${saved.name} cannot be on ${host}: ${reason}. Restore it there.`,
      { data: { domain: saved.name, host } },
    );
  }
  if (!known) {
    parts.domains.requireNameFree(saved.name);
    for (const { network } of saved.interfaces) parts.networks.network(network);
    return parts.domains.insert({ ...saved, host });
  }
  if (known.deletedAtMs !== null) {
    parts.domains.requireNameFree(known.name);
    parts.domains.setDeleted(known, null);
  }
  known.requireIdle();
  if (known.running || known.state === 'saved') throw isThere(known);
  requireSameDevices(known.definition, saved);
  if (known.definition.host !== host) parts.domains.redefine(known, { host });
  return known;
}

function isThere({ name, state }: ManagedDomain): DomusError {
  const how =
    state === 'saved'
      ? `has a newer saved state, which would be lost. Start it, or force it off first`
      : `is there already (it is ${state}). Shut it down first`;
  return new DomusError('domain.exists', `Domain ${name} ${how}.`, { data: { domain: name } });
}

/** The guest's drivers are connected to what it had. Error `state.devices-changed`. */
function requireSameDevices(now: DomainDefinition, saved: DomainDefinition): void {
  const devices = ({ disks, interfaces }: DomainDefinition): string[] => [
    ...disks.map(({ name, source }) => `disk ${name} (${source})`),
    ...interfaces.map(({ handle, mac }) => `interface ${handle} (${mac})`),
  ];
  const [has, had] = [devices(now), devices(saved)];
  const more = has.filter((one) => !had.includes(one)).map((one) => `it has ${one} now`);
  const less = had.filter((one) => !has.includes(one)).map((one) => `it had ${one}`);
  if (more.length + less.length === 0) return;
  throw new DomusError(
    'state.devices-changed',
    `Domain ${now.name} was saved with other devices: ${[...more, ...less].join(', ')}. Give it those again, or delete it and restore it with those that it had.`,
    { data: { domain: now.name } },
  );
}

function tell(parts: SiteParts, domain: ManagedDomain, file: string | null): void {
  const from = file === null ? '' : ` from ${file}`;
  parts.events.add('info', 'domain.restored', `Domain ${domain.name} goes on${from}.`, {
    domain: domain.uuid,
    host: domain.definition.host,
  });
}
