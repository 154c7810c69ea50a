/** Deletes what is to be deleted: after a disk was copied, and after a program that was killed. */
import { setTimeout } from 'node:timers/promises';
import { DomusError } from '../../../shared/errors.ts';
import { volumeAddress } from '../disks/disk-source.ts';
import type { StorageParts } from './storage-parts.ts';
import { removeVolume } from './volumes.ts';

/** A pool that was away may be back. */
const AGAIN_MS = 10_000;

/**
 * What is used by something else stays, and is said. Never fails.
 *
 * @returns whether it stays noted: its pool is away, or slow to answer
 */
export async function deleteDoomed(parts: StorageParts, source: string): Promise<boolean> {
  const { store, events } = parts;
  const address = volumeAddress(source);
  try {
    if (address) await removeVolume(parts, address);
  } catch (error) {
    const { code, message } = DomusError.toData(error);
    if (code === 'pool.unavailable') return true;
    if (code !== 'volume.unknown' && code !== 'pool.unknown') {
      events.add(
        'warning',
        'volume.kept',
        `${source} is no domain's disk any more and was kept: ${message}`,
      );
    }
  }
  try {
    store.doomedVolumes.remove(source);
  } catch (error) {
    events.add('warning', 'volume.kept', `${source} stays noted: ${String(error)}`);
  }
  return false;
}

/** Those that an earlier run of the program left, as soon as their pools are there. Never fails. */
export async function deleteAllDoomed(
  parts: StorageParts,
  closing: AbortSignal,
  againMs: number = AGAIN_MS,
): Promise<void> {
  let left = parts.store.doomedVolumes.all();
  while (left.length > 0 && !closing.aborted) {
    // Only these again: the name of one that went may be that of a copy which is under way.
    const again: string[] = [];
    for (const source of left) if (await deleteDoomed(parts, source)) again.push(source);
    left = again;
    if (closing.aborted || left.length === 0) return;
    await setTimeout(againMs, null, { signal: closing, ref: false }).catch(() => undefined);
  }
}
