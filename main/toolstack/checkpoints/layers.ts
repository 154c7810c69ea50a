/** Overlays that checkpoints made, and that nothing needs any more, go. */
import { volumeAddress } from '../disks/disk-source.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { SiteParts } from '../site-parts.ts';
import { removeVolume } from '../storage/volumes.ts';

/**
 * Of one domain: those that are neither its disks nor those of a checkpoint, and that no overlay lies
 * over. What cannot be looked at now is left for the next time. A person's own volumes are never
 * among them.
 */
export async function collectLayers(parts: SiteParts, domain: ManagedDomain): Promise<void> {
  const { checkpoints } = parts.store;
  const needed = new Set([
    ...domain.definition.disks.map(({ source }) => source),
    ...checkpoints.of(domain.uuid).flatMap(({ disks }) => disks.map(({ source }) => source)),
  ]);
  let left = checkpoints.layers(domain.uuid).filter((source) => !needed.has(source));
  // One that goes may have been the last over another.
  for (let goes = true; goes;) {
    goes = false;
    for (const source of left) {
      if (!(await isRemoved(parts, source))) continue;
      goes = true;
      checkpoints.removeLayer(source);
      left = left.filter((one) => one !== source);
    }
  }
}

async function isRemoved(parts: SiteParts, source: string): Promise<boolean> {
  const address = volumeAddress(source);
  if (!address) return true;
  try {
    await removeVolume(parts, address);
    return true;
  } catch (error) {
    const { code } = error as { code?: string };
    return code === 'volume.unknown';
  }
}
