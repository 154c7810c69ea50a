/** A new file for a disk, outside of pools. */
import { closeSync } from 'node:fs';
import type { DiskFormat } from '../../../shared/contract/index.ts';
import { createDiskFile, removeDiskFile } from './disk-file.ts';
import type { IoLink } from './io-link.ts';

/** Zeros that take no room. Errors `disk.*`; then there is no file. */
export async function makeFile(
  storage: { jobs(): IoLink },
  path: string,
  bytes: number,
  format: DiskFormat,
): Promise<void> {
  const { fd } = createDiskFile(path);
  try {
    await storage.jobs().call('disk.create', { file: { fd, format, label: path }, bytes });
  } catch (error) {
    removeDiskFile(path);
    throw error;
  } finally {
    closeSync(fd);
  }
}
