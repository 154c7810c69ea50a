import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { guestEntries, guestModules } from '../../guest/rootfs.ts';
import type { InitrdCompression } from './initramfs/assemble.ts';
import { recipeVersion } from './recipe.ts';

/**
 * Hash of everything but the packages that decides an image's bytes: an image made with another one
 * is out of date.
 */
export async function recipeSha256(
  rootfs: string,
  compression: InitrdCompression,
): Promise<string> {
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ recipeVersion, guestEntries, guestModules, compression }));
  for (const entry of guestEntries) {
    if (entry.kind !== 'file') continue;
    const data = await readFile(join(rootfs, entry.path));
    hash.update(`${entry.path}\0${data.length}\0`).update(data);
  }
  return hash.digest('hex');
}
