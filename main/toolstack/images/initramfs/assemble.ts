import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { guestEntries, guestModules } from '../../../guest/rootfs.ts';
import type { CpioEntry } from './cpio.ts';
import { writeCpio } from './cpio.ts';
import { moduleEntries } from './modules.ts';

/**
 * `none` starts fastest: unpacking gzip costs an emulated CPU a second that the copy does not. Its
 * bytes do not depend on a zlib either.
 */
export type InitrdCompression = 'none' | 'gzip';

export interface InitramfsInput {
  readonly release: string;
  readonly busybox: Buffer;
  /** The kernel package's files, by path: modules and `modules.builtin`. */
  readonly kernelFiles: ReadonlyMap<string, Buffer>;
  /** Where the files of `main/guest/rootfs` lie. */
  readonly rootfs: string;
  readonly compression: InitrdCompression;
}

/** Makes the guest's root file system: the same input gives the same bytes. */
export async function assembleInitramfs(input: InitramfsInput): Promise<Buffer> {
  const ours = await Promise.all(
    guestEntries.map(async (entry): Promise<CpioEntry> =>
      entry.kind === 'file'
        ? { ...entry, data: await readFile(join(input.rootfs, entry.path)) }
        : entry,
    ),
  );
  const modules = moduleEntries(input.release, input.kernelFiles, guestModules);
  const entries: CpioEntry[] = [
    ...ours,
    { kind: 'file', path: 'bin/busybox', mode: 0o755, data: input.busybox },
    ...modules,
  ];
  const archive = writeCpio(withParents(entries));
  return input.compression === 'gzip' ? gzip(archive) : archive;
}

/** A directory that an entry lies in and nobody made comes before it. */
function withParents(entries: readonly CpioEntry[]): CpioEntry[] {
  const made = new Set(['']);
  return entries.flatMap((entry) => {
    const parts = entry.path.split('/').slice(0, -1);
    const missing = parts
      .map((_, index) => parts.slice(0, index + 1).join('/'))
      .filter((path) => !made.has(path));
    for (const path of [...missing, entry.path]) made.add(path);
    return [...missing.map((path): CpioEntry => ({ kind: 'directory', path, mode: 0o755 })), entry];
  });
}

/** Without the time and the name of the system that made it. */
function gzip(data: Buffer): Buffer {
  const bytes = gzipSync(data, { level: 9 });
  bytes.writeUInt32LE(0, 4);
  bytes[9] = 255;
  return bytes;
}
