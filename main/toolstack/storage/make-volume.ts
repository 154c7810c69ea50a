/** A new volume: empty, or an overlay over another of its pool. */
import type { CreateVolume } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { NewDiskFile } from '../../dom0/index.ts';
import { volumeAddress } from '../disks/disk-source.ts';
import type { LockedFile } from '../disks/locked-file.ts';
import type { DomainRegistry } from '../domains/domain-registry.ts';
import { openVolume } from './open-volume.ts';
import type { OpenVolume } from './open-volume.ts';
import type { StoragePool } from './pool-registry.ts';
import type { Storage } from './storage.ts';
import { discard, publish, requireFree } from './volume-file.ts';
import { requireNoWriter } from './volume-users.ts';

const MIB = 2 ** 20;

export interface MakeParts {
  readonly storage: Storage;
  readonly domains: DomainRegistry;
}

/** Errors `volume.*`, `disk.*`; then nothing was made. */
export async function makeVolume(
  parts: MakeParts,
  pool: StoragePool,
  volume: string,
  asked: Pick<CreateVolume, 'sizeMiB' | 'format' | 'over'>,
): Promise<void> {
  const { storage } = parts;
  const source = `${pool.name}/${volume}`;
  await requireFree(pool, volume);
  const release = storage.claim(pool, volume, `the creation of ${source}`);
  let base: OpenVolume | null = null;
  let file: LockedFile | null = null;
  try {
    const over =
      asked.over === undefined ? null : overlayBase(parts, pool, asked.over, asked.format);
    const user = storage.user(`the creation of ${source}`);
    if (over) base = await openVolume(storage, pool, over, { readOnly: true, user });
    const bytes = await newBytes(storage, pool, volume, asked, base);
    file = await storage.newFile(pool, `the creation of ${source}`);
    const format = asked.format ?? 'qcow2';
    const image: NewDiskFile = { file: { fd: file.fd, format, label: source }, bytes };
    if (over && base) image.backing = { name: over, format: base.chain[0]!.format };
    await storage.jobs(pool.name).call('disk.create', image);
    await publish(pool, volume, file, format);
  } finally {
    await discard(pool, file, release);
    await base?.close();
  }
}

/** The volume that an overlay is to lie over. Errors `volume.bad-overlay`, `volume.in-use`. */
function overlayBase(
  { domains }: MakeParts,
  pool: StoragePool,
  over: string,
  format: CreateVolume['format'],
): string {
  const refuse = (why: string): never => {
    throw new DomusError(
      'volume.bad-overlay',
      `There can be no such overlay over ${over}: ${why}`,
      {
        data: { over },
      },
    );
  };
  const address = volumeAddress(over);
  if (!address) return refuse('name a volume as POOL/VOLUME.');
  if (address.pool !== pool.name) {
    return refuse(
      `it is not in pool ${pool.name}. Clone it there first, or make the overlay there.`,
    );
  }
  if (format === 'raw') return refuse('an overlay is qcow2, never raw. Leave the format out.');
  requireNoWriter(domains, over);
  return address.volume;
}

/** Virtual size of the new volume. Errors `volume.size-missing`, `volume.too-small`. */
async function newBytes(
  storage: Storage,
  pool: StoragePool,
  volume: string,
  { sizeMiB }: Pick<CreateVolume, 'sizeMiB'>,
  base: OpenVolume | null,
): Promise<number> {
  const source = `${pool.name}/${volume}`;
  if (!base) {
    if (sizeMiB !== undefined) return sizeMiB * MIB;
    throw new DomusError(
      'volume.size-missing',
      `How large ${source} is to be is not said. Give its size; only an overlay has that of what it lies over.`,
      { data: { volume: source } },
    );
  }
  const { bytes } = await storage.jobs(pool.name).call('disk.check', { chain: base.chain });
  if (sizeMiB === undefined || sizeMiB * MIB >= bytes) return (sizeMiB ?? 0) * MIB || bytes;
  const least = Math.ceil(bytes / MIB);
  throw new DomusError(
    'volume.too-small',
    `An overlay is not smaller than what it lies over: ${source} needs ${least} MiB. Leave the size out.`,
    { data: { volume: source, leastMiB: least } },
  );
}
