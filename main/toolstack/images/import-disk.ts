import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DomusError } from '../../../shared/errors.ts';
import { describeQcow2, openDisk } from '../../dom0/index.ts';
import { describeFile, type FileEntry, type ImageManifest } from './manifest.ts';
import { takeIn } from './take-in.ts';

type DiskAbout = NonNullable<ImageManifest['disk']>;

/**
 * Copies a disk to `output`, and opens the copy to see that it is one. The format is as stated: the
 * content of a raw disk may look like another one's, and its owner may be somebody else.
 *
 * @throws DomusError `image.no-file`, `image.not-a-disk`, `image.disk-incomplete`
 */
export async function importDisk(
  from: string,
  stated: 'raw' | 'qcow2' | undefined,
  output: string,
  signal: AbortSignal | undefined,
): Promise<{ about: DiskAbout; entry: FileEntry }> {
  const format = stated ?? (from.endsWith('.qcow2') ? 'qcow2' : 'raw');
  const file = `root.${format}`;
  const path = join(output, file);
  await takeIn(from, path, 0);
  signal?.throwIfAborted();
  const bytes = await sizeOf(path, from, format);
  return { about: { file, format, bytes }, entry: await describeFile(path, signal) };
}

async function sizeOf(path: string, from: string, format: DiskAbout['format']): Promise<number> {
  const fd = openSync(path, 'r');
  try {
    if (format === 'qcow2') requireWhole(from, describeQcow2(fd, from).backing?.name);
    const chain = [{ fd, format, label: from }];
    const image = await openDisk({ kind: 'files', chain }, true);
    if (image.bytes === 0) throw new Error('it is empty');
    await new Promise<void>((resolve, reject) => {
      image.close((error) => (error ? reject(error) : resolve()));
    });
    return image.bytes;
  } catch (error) {
    if (error instanceof DomusError && error.code.startsWith('image.')) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new DomusError(
      'image.not-a-disk',
      `${from} is not a disk that can be imported as ${format}: ${why} Say its format (raw or qcow2) where that is another, or convert it with qemu-img.`,
      { data: { path: from, format }, cause: error },
    );
  } finally {
    closeSync(fd);
  }
}

function requireWhole(from: string, backing: string | undefined): void {
  if (backing === undefined) return;
  throw new DomusError(
    'image.disk-incomplete',
    `${from} is an overlay over ${JSON.stringify(backing)}, and holds only what differs. Make it whole first: qemu-img convert -O qcow2.`,
    { data: { path: from, backing } },
  );
}
