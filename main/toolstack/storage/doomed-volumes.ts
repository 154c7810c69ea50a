/** Deletes what is to be deleted: after a disk was copied, and after a program that was killed. */
import { DomusError } from '../../../shared/errors.ts';
import { volumeAddress } from '../disks/disk-source.ts';
import type { Store } from '../store/store.ts';
import type { StorageParts } from './storage-parts.ts';
import { removeVolume } from './volumes.ts';

export type DoomedParts = StorageParts & { readonly store: Store };

/** What is used by something else stays, and is said. Never fails. */
export async function deleteDoomed(parts: DoomedParts, source: string): Promise<void> {
  const { store, events } = parts;
  const address = volumeAddress(source);
  try {
    if (address) await removeVolume(parts, address);
  } catch (error) {
    const { code, message } = DomusError.toData(error);
    // Its pool is away: at the next start.
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

/** Those that an earlier run of the program left. Never fails; may never end. */
export async function deleteAllDoomed(parts: DoomedParts): Promise<void> {
  for (const source of parts.store.doomedVolumes.all()) await deleteDoomed(parts, source);
}
