/**
 * The image's initial RAM disk for machines without Xen: the same bytes, and behind them an archive
 * with the drivers of their disks and network cards, which the image leaves out. Linux unpacks one
 * after the other. The modules are those of the image's own kernel package, which is downloaded for
 * it once.
 */
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomusError } from '../../../shared/errors.ts';
import { guestModules } from '../../guest/rootfs.ts';
import { sourceAssets } from '../../toolstack/images/assets.ts';
import { readDeb } from '../../toolstack/images/debian/deb.ts';
import { readKeyring } from '../../toolstack/images/debian/keyring.ts';
import type { PackageSource } from '../../toolstack/images/debian/source.ts';
import type { Image } from '../../toolstack/images/index.ts';
import type { CpioEntry } from '../../toolstack/images/initramfs/cpio.ts';
import { writeCpio } from '../../toolstack/images/initramfs/cpio.ts';
import { moduleEntries } from '../../toolstack/images/initramfs/modules.ts';
import { packageSources } from '../../toolstack/images/package-sources.ts';
import { isRecipePackage } from '../../toolstack/images/recipe.ts';

/** Drivers of v86's IDE disk and virtio network card, and of QEMU's virtio disk and network card. */
const CARD_DRIVERS = ['ata_piix', 'sd_mod', 'virtio_pci', 'virtio_blk', 'virtio_net'];
/** Linux's own disks that cost nothing. */
const IDEAL_DISKS = ['brd', 'null_blk'];
const PEER_MODULES = [...CARD_DRIVERS, ...IDEAL_DISKS];
const WANTED = /\/modules\.builtin$|\.ko$/;

/**
 * Path of it, in `folder`, where it is made when it is not there.
 *
 * @throws DomusError `bench.no-modules`: the kernel package is to be had no more, or the image was
 *   imported; errors `image.*` of downloading
 */
export async function peerInitrd(
  image: Image,
  folder: string,
  mirror: string | undefined,
): Promise<string> {
  const path = join(folder, `${image.manifest.id}.${PEER_MODULES.join('-')}.img`);
  if (await exists(path)) return path;
  await mkdir(folder, { recursive: true });
  const scratch = await mkdtemp(join(folder, '.new-'));
  try {
    const release = image.manifest.kernel.release;
    const files = await kernelFiles(image, mirror, scratch);
    const modules = moduleEntries(release, files, [...guestModules, ...PEER_MODULES]);
    const more = writeCpio(withFolders(modules));
    const own = await readFile(image.path('initrd.img') ?? '');
    const made = join(scratch, 'initrd.img');
    await writeFile(made, Buffer.concat([own, Buffer.alloc(-own.length & 3), more]));
    await rename(made, path);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return path;
}

/** Modules of the package that the image's kernel is from, by path. */
async function kernelFiles(
  { manifest }: Image,
  mirror: string | undefined,
  scratch: string,
): Promise<Map<string, Buffer>> {
  const { origin, kernel } = manifest;
  const kernelPackage =
    origin.kind === 'debian'
      ? origin.packages.find(({ name }) => name === `linux-image-${kernel.release}`)
      : undefined;
  if (!kernelPackage) throw noModules(manifest.id);
  const keys = await readKeyring(sourceAssets.keys);
  const sources = await packageSources({ mirror }, keys, join(scratch, 'sources'));
  for (const source of sources) {
    const deb = await download(source, kernelPackage.sha256, scratch);
    if (deb) return await readDeb(deb, (path) => WANTED.test(path));
  }
  throw noModules(manifest.id);
}

/** Null where this source does not have it. */
async function download(
  source: PackageSource,
  sha256: string,
  scratch: string,
): Promise<string | null> {
  try {
    const { records } = await source.list(isRecipePackage, {});
    const record = records.find((candidate) => candidate.sha256 === sha256);
    return record ? await source.download(record, scratch, {}) : null;
  } finally {
    await source.dispose();
  }
}

/** Folders before what is in them. */
function withFolders(entries: readonly CpioEntry[]): CpioEntry[] {
  const folders = new Set<string>();
  for (const { path } of entries) {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth++) folders.add(parts.slice(0, depth).join('/'));
  }
  const directory = (path: string): CpioEntry => ({ kind: 'directory', path, mode: 0o755 });
  return [...[...folders].map(directory), ...entries];
}

function noModules(id: string): DomusError {
  return new DomusError(
    'bench.no-modules',
    `The kernel package of the image ${id} is not to be had: the drivers of the peers' devices are in it. Build the image anew, then measure.`,
    { data: { image: id } },
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
