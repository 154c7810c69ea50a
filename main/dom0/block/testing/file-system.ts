/** Images with an empty file system, as other programs make them. */
import { execFileSync } from 'node:child_process';
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { qemuImg } from './qemu-img.ts';

/** An empty ext4 in a new qcow2 file. */
export function makeFileSystem(path: string, mib: number): void {
  const raw = `${path}.raw`;
  writeFileSync(raw, '');
  truncateSync(raw, mib * 2 ** 20);
  execFileSync('mkfs.ext4', ['-q', raw]);
  qemuImg('convert', '-f', 'raw', '-O', 'qcow2', raw, path);
  rmSync(raw);
}
