import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { debianEntries } from '../../../guest/debian-root.ts';
import type { ImageAssets } from '../assets.ts';
import type { InitrdCompression } from '../initramfs/assemble.ts';
import { recipeSha256 } from '../recipe-hash.ts';
import { bootstrapArguments, DISK_BYTES, DISK_WORDS, diskRecipeVersion } from './recipe.ts';

/** Hash of everything but the packages that decides what is on the disk, and what boots it. */
export async function diskRecipeSha256(
  assets: ImageAssets,
  compression: InitrdCompression,
): Promise<string> {
  const hash = createHash('sha256').update(await recipeSha256(assets.rootfs, compression));
  hash.update(
    JSON.stringify({ diskRecipeVersion, DISK_BYTES, DISK_WORDS, debianEntries, steps: anywhere }),
  );
  for (const { path, from } of debianEntries) {
    if (from === 'rootfs') continue; // hashed with the initramfs
    const data = await readFile(join(assets.debianRoot, path));
    hash.update(`${path}\0${data.length}\0`).update(data);
  }
  return hash.digest('hex');
}

/** The steps as they are for any machine and mirror. */
const anywhere = bootstrapArguments({
  mode: 'root',
  mirrorRoots: { main: '', security: '' },
  suites: [],
  keyring: '',
  overlay: '',
  release: '',
  status: '',
});
