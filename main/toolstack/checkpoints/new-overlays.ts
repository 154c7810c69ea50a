/**
 * Empty overlays over a domain's disks. Each is noted as one to be deleted before it is there, and no
 * more in the transaction that makes it a disk ({@link becameDisks}): what a program that is killed
 * leaves of them the next one deletes.
 */
import { DomusError } from '../../../shared/errors.ts';
import { volumeAddress } from '../disks/disk-source.ts';
import type { LockedFile } from '../disks/locked-file.ts';
import type { NewOverlay } from '../disks/open-disks.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { RunningDomain } from '../domains/running-domain.ts';
import type { SiteParts } from '../site-parts.ts';
import { MOST_FILES } from '../storage/backing.ts';
import type { StoragePool } from '../storage/pool-registry.ts';
import { discard, isVolumeThere, publish, removeVolumeFile } from '../storage/volume-file.ts';
import type { DiskDefinition } from '../store/domain-table.ts';

/** Room for the overlays of clones and of what comes after. */
const MOST_LAYERS = MOST_FILES - 2;
const LONGEST_STEM = 100;

/** Disks that the domain writes. Error `checkpoint.disk-outside`. */
export function writtenDisks({ name, definition }: ManagedDomain): DiskDefinition[] {
  const written = definition.disks.filter(({ readOnly }) => !readOnly);
  const outside = written.filter(({ source }) => !volumeAddress(source));
  if (outside.length === 0) return written;
  const disks = outside.map((disk) => `${disk.name} (${disk.source})`).join(', ');
  throw new DomusError(
    'checkpoint.disk-outside',
    `The disks of ${name} cannot all be kept as they are: ${disks} is no volume of a pool. Upload it into one ("domus volume upload"), or detach it.`,
    { data: { domain: name, disks: outside.map(({ source }) => source) } },
  );
}

/** One for each of {@link writtenDisks}. Errors `volume.too-deep`, `pool.*`, `disk.*`; then none is there. */
export async function makeOverlays(
  parts: SiteParts,
  domain: ManagedDomain,
  run: RunningDomain,
): Promise<NewOverlay[]> {
  const made: NewOverlay[] = [];
  try {
    for (const disk of writtenDisks(domain)) {
      made.push(await makeOverlay(parts, domain, run, disk));
    }
    return made;
  } catch (error) {
    await takeBack(parts, made);
    throw error;
  }
}

export function sourcesOf(overlays: readonly NewOverlay[]): string[] {
  return overlays.map(({ label }) => label);
}

export async function takeBack(parts: SiteParts, overlays: readonly NewOverlay[]): Promise<void> {
  await removeOverlays(parts, sourcesOf(overlays));
  for (const { file } of overlays) await file.close();
}

/** Of overlays that did not become a domain's disks. Never fails. */
export async function removeOverlays(parts: SiteParts, sources: readonly string[]): Promise<void> {
  for (const source of sources) {
    const { pool, volume } = volumeAddress(source)!;
    await remove(parts, parts.storage.pools.get(pool), volume);
  }
}

/** Within the transaction that says so. */
export function becameDisks({ store }: SiteParts, sources: readonly string[]): void {
  for (const source of sources) store.doomedVolumes.remove(source);
}

/** Of a volume that nobody else makes until it is released. */
export interface ClaimedName {
  readonly volume: string;
  /** As `POOL/VOLUME`. */
  readonly source: string;
  release(): void;
}

/** A name that no volume has, is to have or is to lose: `data.raw`, `data.1.qcow2`, `data.2.qcow2` … */
export async function claimName(
  parts: SiteParts,
  pool: StoragePool,
  volume: string,
  what: string,
): Promise<ClaimedName> {
  const { doomedVolumes } = parts.store;
  const stem = volume.replace(/(\.\d+)?\.(qcow2|raw|img)$/, '').slice(0, LONGEST_STEM);
  for (let turn = 1; ; turn++) {
    const name = `${stem}.${turn}.qcow2`;
    const source = `${pool.name}/${name}`;
    if (await isVolumeThere(pool, name)) continue;
    // Looked for last: of two that want the name at once one gets it.
    if (doomedVolumes.all().includes(source)) continue;
    const release = claimed(parts, pool, name, what);
    if (!release) continue;
    try {
      doomedVolumes.add(source);
    } catch (error) {
      release();
      throw error;
    }
    return { volume: name, source, release };
  }
}

function claimed(
  { storage }: SiteParts,
  pool: StoragePool,
  volume: string,
  what: string,
): (() => void) | null {
  try {
    return storage.claim(pool, volume, what);
  } catch (error) {
    if (DomusError.toData(error).code === 'volume.busy') return null;
    throw error;
  }
}

/** After an error in making the volume of a claimed name. Never fails. */
export async function giveUpName(
  parts: SiteParts,
  pool: StoragePool,
  { volume, source }: ClaimedName,
  error: unknown,
): Promise<void> {
  // Another's volume is never ours to delete.
  if (DomusError.toData(error).code === 'volume.exists') forgetNote(parts, source);
  else await remove(parts, pool, volume);
}

/** Where it may be there yet, or come to be, it stays noted. */
async function remove(parts: SiteParts, pool: StoragePool, volume: string): Promise<void> {
  await removeVolumeFile(pool, volume);
  const mayBeThere =
    pool.folder.turns.isLate || (await isVolumeThere(pool, volume).catch(() => true));
  if (!mayBeThere) forgetNote(parts, `${pool.name}/${volume}`);
}

function forgetNote({ store, log }: SiteParts, source: string): void {
  try {
    store.doomedVolumes.remove(source);
  } catch (error) {
    log.write('warning', 'storage', `${source} stays noted: ${String(error)}`);
  }
}

async function makeOverlay(
  parts: SiteParts,
  { name: owner }: ManagedDomain,
  run: RunningDomain,
  disk: DiskDefinition,
): Promise<NewOverlay> {
  const { storage } = parts;
  const address = volumeAddress(disk.source)!;
  const pool = await storage.usable(address.pool);
  const [beneath, ...more] = run.disks.chainOf(disk.name) ?? [];
  const spec = run.disks.specs.find(({ name }) => name === disk.name);
  if (!beneath || !spec) throw new Error(`the disk ${disk.name} of ${owner} is not open`);
  if (more.length + 2 > MOST_LAYERS) throw tooDeep(owner, disk);
  const name = await claimName(parts, pool, address.volume, `domain ${owner}`);
  const { volume, source: label } = name;
  let file: LockedFile | null = null;
  try {
    file = await storage.newFile(pool, `domain ${owner}`);
    await storage.jobs(pool.name).call('disk.create', {
      file: { fd: file.fd, format: 'qcow2', label },
      bytes: spec.bytes,
      backing: { name: address.volume, format: beneath.format },
    });
    await publish(pool, volume, file, 'qcow2');
    return { definition: { ...disk, source: label, format: 'qcow2' }, file, label };
  } catch (error) {
    await discard(pool, file, null);
    await giveUpName(parts, pool, name, error);
    throw error;
  } finally {
    await pool.folder.turns.leave(async () => name.release());
  }
}

function tooDeep(owner: string, { name, source }: DiskDefinition): DomusError {
  return new DomusError(
    'volume.too-deep',
    `The disk ${name} of ${owner} lies over ${MOST_LAYERS - 1} others already, and more would be too slow to be used. Shut it down, clone ${source} ("domus volume clone": a clone is whole), and use the clone.`,
    { data: { domain: owner, disk: name } },
  );
}
