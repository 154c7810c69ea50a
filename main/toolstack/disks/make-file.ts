/** A new file for a disk, outside of pools. */
import { dirname } from 'node:path';
import type { DiskFormat } from '../../../shared/contract/index.ts';
import type { FolderTurns } from '../files/folder-turns.ts';
import { createDiskFile, removeDiskFile } from './disk-file.ts';
import type { IoLink } from './io-link.ts';

/** Names the worker that does it. */
const OUTSIDE_POOLS = '';

export interface MakeFileTools {
  readonly folders: FolderTurns;
  jobs(place: string): IoLink;
}

/** Zeros that take no room. Errors `disk.*`; then there is no file. */
export async function makeFile(
  tools: MakeFileTools,
  path: string,
  bytes: number,
  format: DiskFormat,
): Promise<void> {
  const folder = dirname(path);
  const remove = (): Promise<void> => removeDiskFile(path);
  const { folders } = tools;
  const { handle } = await folders.at(folder).take(
    () => createDiskFile(path),
    (late) => late.handle.close().then(remove),
  );
  let isMade = false;
  try {
    const file = { fd: handle.fd, format, label: path };
    await tools.jobs(OUTSIDE_POOLS).call('disk.create', { file, bytes });
    isMade = true;
  } finally {
    await folders.at(folder).leave(async () => {
      await handle.close();
      if (!isMade) await remove();
    });
  }
}
