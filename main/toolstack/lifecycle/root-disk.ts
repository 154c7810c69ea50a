/**
 * The root disk of a domain whose image has one: an overlay over a copy of the image's disk, both
 * volumes of the default pool. The copy is made for the first such domain; what holds for any volume
 * that lies beneath others holds for it, and the image's own file is never opened by a domain.
 */
import { DomusError } from '../../../shared/errors.ts';
import type { PlannedDisk } from '../disks/plan-disks.ts';
import type { LockedFile } from '../disks/locked-file.ts';
import { openLocked } from '../disks/locked-file.ts';
import type { BootableImage, ImageRecord, ImageSource } from '../image-source.ts';
import { makeVolume } from '../storage/make-volume.ts';
import type { MakeParts } from '../storage/make-volume.ts';
import { DEFAULT_POOL } from '../storage/pool-registry.ts';
import type { StoragePool } from '../storage/pool-registry.ts';
import { discard, isVolumeThere, publish, removeVolumeFile } from '../storage/volume-file.ts';

const MIB = 2 ** 20;

export interface RootDiskParts extends MakeParts {
  readonly images: Pick<ImageSource, 'load'>;
  readonly imageDisks: ImageDisks;
}

/** The image's disk as a volume: copied once, however many wait for it. */
export class ImageDisks {
  private readonly copying = new Map<string, Promise<void>>();

  /** Errors `image.*`, `volume.*`, `disk.*`. */
  ensure(parts: RootDiskParts, pool: StoragePool, imageId: string): Promise<void> {
    const volume = baseVolume(imageId);
    const under = this.copying.get(volume);
    if (under) return under;
    const copying = copy(parts, pool, imageId).finally(() => this.copying.delete(volume));
    this.copying.set(volume, copying);
    return copying;
  }
}

/**
 * As `xvda`, of `sizeMiB` or the size of the image's; nothing is made yet. Errors `pool.*`,
 * `image.no-disk`, `volume.too-small`.
 */
export async function planRootDisk(
  parts: RootDiskParts,
  owner: string,
  image: ImageRecord | null,
  sizeMiB: number | undefined,
): Promise<PlannedDisk[]> {
  if (image === null || image.diskBytes === null) {
    if (sizeMiB === undefined) return [];
    throw noDisk(image);
  }
  const { id, name, diskBytes } = image;
  if (sizeMiB !== undefined && sizeMiB * MIB < diskBytes) throw tooSmall(name, diskBytes);
  const pool = await parts.storage.usable(DEFAULT_POOL);
  const volume = await freeVolume(pool, owner);
  const address = (what: string): string => `${pool.name}/${what}`;
  let isMade = false;
  return [
    {
      definition: {
        name: 'xvda',
        source: address(volume),
        format: 'qcow2',
        readOnly: false,
        discard: true,
        onError: 'pause',
        bytes: sizeMiB === undefined ? diskBytes : sizeMiB * MIB,
      },
      async make() {
        await parts.imageDisks.ensure(parts, pool, id);
        await makeVolume(parts, pool, volume, {
          over: address(baseVolume(id)),
          ...(sizeMiB !== undefined && { sizeMiB }),
        });
        isMade = true;
      },
      async undo() {
        if (isMade) await removeVolumeFile(pool, volume);
        isMade = false;
      },
    },
  ];
}

/** What the image's disk is called in the pool. */
export function baseVolume(imageId: string): string {
  return `${imageId.replace(/[^A-Za-z0-9._-]/g, '-')}.qcow2`;
}

async function copy(parts: RootDiskParts, pool: StoragePool, imageId: string): Promise<void> {
  const { storage } = parts;
  const volume = baseVolume(imageId);
  if (await isVolumeThere(pool, volume)) return;
  const { disk } = await parts.images.load(imageId);
  if (!disk) throw noDisk(null);
  const user = storage.user(`the copy of image ${imageId} to ${pool.name}/${volume}`);
  const original = await openLocked(disk.path, storage.locks, { readOnly: true, user });
  let release: (() => void) | null = null;
  let file: LockedFile | null = null;
  try {
    release = storage.claim(pool, volume, user.user);
    if (await isVolumeThere(pool, volume)) return;
    file = await storage.newFile(pool, user.user);
    await storage.jobs(pool.name).call('disk.copy', {
      copy: `image ${imageId}`,
      from: [{ fd: original.fd, format: disk.format, label: disk.path }],
      to: { fd: file.fd, format: 'qcow2', label: `${pool.name}/${volume}` },
    });
    await publish(pool, volume, file, 'qcow2');
  } finally {
    await discard(pool, file, release);
    await original.close();
  }
}

/** An earlier domain's disk stays when that is deleted, and keeps its name. */
async function freeVolume(pool: StoragePool, owner: string): Promise<string> {
  for (let turn = 1; ; turn++) {
    const volume = turn === 1 ? `${owner}-root.qcow2` : `${owner}-root-${turn}.qcow2`;
    if (!(await isVolumeThere(pool, volume))) return volume;
  }
}

function noDisk(image: Pick<BootableImage, 'name'> | null): DomusError {
  return new DomusError(
    'image.no-disk',
    `${image ? `Image ${image.name}` : 'The default image'} has no root disk, so it has no size. Choose an image with one ("domus image list"), or give the domain another disk.`,
    { data: { image: image?.name ?? null } },
  );
}

function tooSmall(image: string, bytes: number): DomusError {
  const leastMiB = Math.ceil(bytes / MIB);
  return new DomusError(
    'volume.too-small',
    `The disk of image ${image} has ${leastMiB} MiB: a domain's cannot be smaller. Leave the size out.`,
    { data: { image, leastMiB } },
  );
}
