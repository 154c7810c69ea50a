/** What goes over the packages' files: ours, and the kernel's modules. As a tar archive. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { buffer } from 'node:stream/consumers';
import { debianEntries } from '../../../guest/debian-root.ts';

/**
 * Modules that a server may ask for; those of sound cards, screens and physical devices have nothing
 * to drive here. The others' would be 200 MB.
 */
const MODULES =
  /\/kernel\/(crypto|fs|lib|net|arch\/x86\/crypto|drivers\/(block|md|xen|net\/(bonding|wireguard|ipvlan|macvlan|vxlan)|net\/[^/]+\.ko$|tty\/n_|char\/hw_random))/;
/** Of physical machines, though it lies among the above. */
const NEEDLESS =
  /\/(drivers\/block\/(aoe|drbd|mtip32xx|rsxx|floppy)|fs\/(ocfs2|gfs2|ceph|afs|coda))/;

/** `kernelFiles` as in the kernel's package, by path. Each file is root's. */
export async function overlayArchive(
  rootfs: string,
  debianRoot: string,
  kernelFiles: ReadonlyMap<string, Buffer>,
): Promise<Buffer> {
  const archive = pack();
  const done = buffer(archive);
  // What dpkg has made a link to a folder of /usr must not become a folder.
  const add = (path: string, mode: number, data: Buffer): void => {
    archive.entry({ name: path.replace(/^lib\//, 'usr/lib/'), mode, mtime: new Date(0) }, data);
  };
  for (const { path, mode, from } of debianEntries) {
    const folder = from === 'rootfs' ? rootfs : debianRoot;
    add(path, mode, await readFile(join(folder, path)));
  }
  for (const [path, data] of kernelFiles) if (isWanted(path)) add(path, 0o644, data);
  archive.finalize();
  return done;
}

export function isWanted(path: string): boolean {
  if (path.endsWith('/modules.builtin')) return true;
  return MODULES.test(path) && !NEEDLESS.test(path);
}
