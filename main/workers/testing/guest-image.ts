/** The Debian image, for tests: built once, kept in the cache that all homes share. */
import { readFile } from 'node:fs/promises';
import type { ColdBoot } from '../../toolstack/control/host.contract.ts';

export async function guestImage(name: string): Promise<ColdBoot> {
  const folder = process.env['DOMUS_TEST_IMAGE'] ?? '/tmp/domus/image-dev/debian-6.1.176';
  const [kernel, initrd] = await Promise.all([
    sharedFile(`${folder}/vmlinuz`),
    sharedFile(`${folder}/initrd.img`),
  ]);
  return { kernel, initrd, cmdline: `console=hvc0 cryptomgr.notests noisapnp domus.name=${name}` };
}

async function sharedFile(path: string): Promise<SharedArrayBuffer> {
  const bytes = await readFile(path);
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  return shared;
}
