/** From descriptors, or an address, to a disk. */
import { diskError } from './disk-error.ts';
import type { BackingImage, DiskImage } from './disk-image.ts';
import { DescriptorFile } from './files/descriptor-file.ts';
import { openNbd } from './nbd/nbd-image.ts';
import { Qcow2Image } from './qcow2/qcow2-image.ts';
import { RawImage } from './raw.ts';
import type { DiskFile, DiskSource } from './service/disk-service.contract.ts';

/** Overlays over overlays; a read of what none of them has asks each. */
const MAX_CHAIN = 64;

/**
 * @param warn hears what an administrator may want to know
 * @throws DomusError `disk.…` when it is not, or cannot be, what it is said to be
 */
export async function openDisk(
  source: DiskSource,
  readOnly: boolean,
  warn: (message: string) => void = () => undefined,
): Promise<DiskImage> {
  if (source.kind === 'nbd') return openNbd(source, readOnly, { warn });
  return openChain(source.chain, readOnly);
}

function openChain(chain: readonly DiskFile[], readOnly: boolean): DiskImage {
  const [top, ...beneath] = chain;
  if (!top) throw diskError('disk.bad-request', 'without a name', 'it has no files');
  if (chain.length > MAX_CHAIN) {
    throw diskError('disk.unsupported', top.label, `it is made over ${beneath.length} others`);
  }
  let backing: BackingImage | null = null;
  for (const file of beneath.reverse()) backing = openFile(file, backing, true);
  return openFile(top, backing, readOnly);
}

function openFile(
  { fd, format, label }: DiskFile,
  backing: BackingImage | null,
  readOnly: boolean,
): DiskImage & BackingImage {
  const file = new DescriptorFile(fd, label, readOnly);
  if (format === 'qcow2') return new Qcow2Image(file, backing);
  if (backing) throw diskError('disk.unsupported', label, 'a raw file lies over no other');
  return new RawImage(file);
}
