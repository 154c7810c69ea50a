/** The Debian image, for tests: built once, kept in the cache that all homes share. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ColdBoot } from '../../toolstack/control/host.contract.ts';
import { resolveHome } from '../../toolstack/home.ts';
import type { Image } from '../../toolstack/images/index.ts';
import { ImageStore } from '../../toolstack/images/index.ts';

let image: Promise<Image> | undefined;

/** A boot of the image, or of one with another of the suite's kernels. */
export async function guestImage(name: string, kernelVersion?: string): Promise<ColdBoot> {
  const store = new ImageStore({ directory: join(resolveHome().cache, 'images') });
  const found = kernelVersion
    ? await store.ensure({ kernelVersion })
    : await (image ??= store.ensure());
  const [kernel, initrd] = await Promise.all(
    ['vmlinuz', 'initrd.img'].map((file) => sharedFile(found.path(file) ?? '')),
  );
  const cmdline = `${found.manifest.commandLine} domus.name=${name}`;
  return { kernel: kernel!, initrd: initrd!, cmdline };
}

async function sharedFile(path: string): Promise<SharedArrayBuffer> {
  const bytes = await readFile(path);
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  return shared;
}
