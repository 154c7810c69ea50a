/**
 * Back to a checkpoint: its memory, and new overlays over the disks that it had. The tree stays.
 *
 * 1. The checkpoint's file is read whole: nothing is lost for one that is damaged.
 * 2. Overlays over its disks are made.
 * 3. The domain, if it runs, is ended.
 * 4. The store says that its disks are those overlays. A kill from here on leaves a domain that is
 *    shut off, with disks as they were at the checkpoint.
 * 5. It goes on from the file.
 * 6. Overlays that nothing needs any more go.
 */
import { dirname } from 'node:path';
import type { Task } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { volumeAddress } from '../disks/disk-source.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import { domainEnded } from '../lifecycle/end-of-life.ts';
import { requireStillFree } from '../networks/plan-interfaces.ts';
import { requireUnprotected } from '../protection/why-not-protect.ts';
import { requireSameDisks } from '../saving/disk-stamps.ts';
import { forgetSaved } from '../saving/save-domain.ts';
import { requireStartable, startFromState } from '../saving/start-from-state.ts';
import { damaged, openStateFile } from '../saving/state-file.ts';
import type { OpenStateFile } from '../saving/state-file.ts';
import type { SiteParts } from '../site-parts.ts';
import { makeVolume } from '../storage/make-volume.ts';
import { whyNotOn } from '../storage/open-source.ts';
import type { CheckpointRecord } from '../store/checkpoint-table.ts';
import type { DiskDefinition } from '../store/domain-table.ts';
import type { InterfaceDefinition } from '../store/interface-table.ts';
import type { RunningTask } from '../tasks/task.ts';
import { checkpointFile, countCheckpoints } from './checkpoint-book.ts';
import { collectLayers } from './layers.ts';
import { becameDisks, claimName, giveUpName, removeOverlays } from './new-overlays.ts';

/** Errors `domain.busy`, `disk.not-here`; `state.*`, `stream.*`, `disk.*` by the task. */
export function revert(
  parts: SiteParts,
  domain: ManagedDomain,
  checkpoint: CheckpointRecord,
  paused: boolean | undefined,
): Task {
  domain.requireIdle();
  requireUnprotected(domain, 'reverted');
  const { uuid, name, definition } = domain;
  const reason = whyNotOn(parts.storage.pools, checkpoint.disks, definition.host);
  if (reason !== null) throw notHere(name, definition.host, reason);
  const { label } = checkpoint;
  return parts.tasks.start(
    { kind: 'revert', title: `Reverting ${name} to “${label}”`, domain: uuid },
    async (task) => {
      await domain.exclusively('reverted', () =>
        revertNow(parts, domain, checkpoint, paused, task),
      );
      await collectLayers(parts, domain);
      parts.poolViews.changed();
      const text = `Domain ${name} went back to its checkpoint “${label}”.`;
      parts.events.add('info', 'domain.reverted', text, { domain: uuid });
      return { title: `Reverted ${name} to “${label}”`, result: domain.view };
    },
  );
}

async function revertNow(
  parts: SiteParts,
  domain: ManagedDomain,
  checkpoint: CheckpointRecord,
  paused: boolean | undefined,
  task: RunningTask,
): Promise<void> {
  const state = await openStateFile(checkpointFile(parts, checkpoint.id));
  try {
    const { record } = state;
    requireStartable(parts, domain, record);
    await requireSameDisks(parts.storage, record);
    requireFreeInterfaces(parts, domain, record.definition.interfaces);
    task.progress(0.05, 'checking its memory');
    await verify(parts, state);
    const disks = await overlaysOver(parts, domain, checkpoint);
    const made = newOnes(checkpoint, disks);
    try {
      await end(parts, domain);
      parts.store.transaction(() => {
        // Disks that the checkpoint does not know are detached, and hold what was written to them.
        const leftOut = domain.definition.disks.filter(
          ({ name }) => !disks.some((disk) => disk.name === name),
        );
        const { interfaces, memoryKiB, maxMemoryKiB, vcpus } = record.definition;
        parts.domains.redefine(domain, { disks, interfaces, memoryKiB, maxMemoryKiB, vcpus });
        for (const { source } of leftOut) parts.store.checkpoints.removeLayer(source);
        for (const source of made) parts.store.checkpoints.addLayer(domain.uuid, source);
        becameDisks(parts, made);
        parts.store.checkpoints.setCurrent(domain.uuid, checkpoint.id);
      });
    } catch (error) {
      await removeOverlays(parts, made);
      throw error;
    }
    countCheckpoints(parts, domain.uuid);
    // Its disks were compared already, and are new overlays now.
    const how = { task, paused: paused ?? record.wasPaused, force: true };
    await startFromState(parts, domain, state, how);
  } finally {
    await state.close();
  }
}

async function verify(parts: SiteParts, { fd, path, streamBytes }: OpenStateFile): Promise<void> {
  try {
    await parts.disks
      .jobs(dirname(path))
      .call('state.verify', { fd, label: path, bytes: streamBytes });
  } catch (error) {
    const { code, message } = DomusError.toData(error);
    throw code.startsWith('stream.') ? damaged(path, message, error) : error;
  }
}

async function overlaysOver(
  parts: SiteParts,
  domain: ManagedDomain,
  checkpoint: CheckpointRecord,
): Promise<DiskDefinition[]> {
  const made: DiskDefinition[] = [];
  try {
    for (const disk of checkpoint.disks) {
      if (disk.readOnly) {
        made.push(disk);
        continue;
      }
      const address = volumeAddress(disk.source);
      if (!address) throw new Error(`${disk.source} of ${domain.name} is no volume`);
      const pool = await parts.storage.usable(address.pool);
      const name = await claimName(parts, pool, address.volume, `domain ${domain.name}`);
      // It is claimed again by whoever makes it.
      name.release();
      try {
        await makeVolume(parts, pool, name.volume, { over: disk.source });
      } catch (error) {
        await giveUpName(parts, pool, name, error);
        throw error;
      }
      made.push({ ...disk, source: name.source, format: 'qcow2' });
    }
    return made;
  } catch (error) {
    await removeOverlays(parts, newOnes(checkpoint, made));
    throw error;
  }
}

/** Since the checkpoint somebody else may have got what its interfaces had. Errors `network.*`, `interface.*`. */
function requireFreeInterfaces(
  { networks }: SiteParts,
  { name }: ManagedDomain,
  interfaces: readonly InterfaceDefinition[],
): void {
  try {
    requireStillFree(networks, name, interfaces);
  } catch (error) {
    const { code, message, data } = DomusError.toData(error);
    const text = `Domain ${name} cannot go back, since its interfaces could not be as they were. ${message}`;
    throw new DomusError(code, text, { data, cause: error });
  }
}

/** What is read only stays itself, and may be a person's. */
function newOnes({ disks }: CheckpointRecord, made: readonly DiskDefinition[]): string[] {
  const before = new Set(disks.map(({ source }) => source));
  return made.map(({ source }) => source).filter((source) => !before.has(source));
}

/** Whatever it does, or is saved. */
async function end(parts: SiteParts, domain: ManagedDomain): Promise<void> {
  if (domain.state === 'saved') return forgetSaved(parts, domain);
  const run = domain.running;
  if (!run) return;
  if (run.host.isUp) await run.host.link.call('domain.destroy', { domid: run.domid });
  domainEnded(parts, domain, run, { kind: 'destroyed' });
  await run.disks.closeAll();
}

function notHere(name: string, host: string, reason: string): DomusError {
  return new DomusError(
    'disk.not-here',
    `Domain ${name} cannot go back on ${host}: ${reason}. Move it there first.`,
    { data: { domain: name, host } },
  );
}
