/** Deletes what is to be deleted: after a disk was copied, and after a program that was killed. */
import { setTimeout } from 'node:timers/promises';
import { DomusError } from '../../../shared/errors.ts';
import { volumeAddress } from '../disks/disk-source.ts';
import type { Store } from '../store/store.ts';
import type { StorageParts } from './storage-parts.ts';
import { removeVolume } from './volumes.ts';

export type DoomedParts = StorageParts & { readonly store: Store };

/** A pool that was away may be back. */
const AGAIN_MS = 10_000;

/** What is used by something else stays, and is said. Never fails. */
export async function deleteDoomed(parts: DoomedParts, source: string): Promise<void> {
  const { store, events } = parts;
  const address = volumeAddress(source);
  try {
    if (address) await removeVolume(parts, address);
  } catch (error) {
    const { code, message } = DomusError.toData(error);
    // Its pool is away, or slow to answer: it stays noted.
    if (code === 'pool.unavailable') return;
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
}

/** Those that an earlier run of the program left, as soon as their pools are there. Never fails. */
export async function deleteAllDoomed(
  parts: DoomedParts,
  closing: AbortSignal,
  againMs: number = AGAIN_MS,
): Promise<void> {
  let left = parts.store.doomedVolumes.all();
  while (left.length > 0 && !closing.aborted) {
    for (const source of left) await deleteDoomed(parts, source);
    if (closing.aborted) return;
    // Those that were noted since are copies that are under way.
    const noted = new Set(parts.store.doomedVolumes.all());
    left = left.filter((source) => noted.has(source));
    if (left.length === 0) return;
    await setTimeout(againMs, null, { signal: closing, ref: false }).catch(() => undefined);
  }
}
