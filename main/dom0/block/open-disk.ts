/** From descriptors to a disk. */
import { diskError } from './disk-error.ts';
import type { DiskImage } from './disk-image.ts';
import { DescriptorFile } from './files/descriptor-file.ts';
import { RawImage } from './raw.ts';
import type { DiskSource } from './service/disk-service.contract.ts';

/** @throws DomusError `disk.…` when it is not, or cannot be, what it is said to be */
export function openDisk(source: DiskSource, readOnly: boolean): Promise<DiskImage> {
  const label = source.kind === 'nbd' ? source.label : (source.chain[0]?.label ?? 'without files');
  if (source.kind !== 'files' || source.chain.length !== 1 || source.chain[0]!.format !== 'raw') {
    throw diskError('disk.unsupported', label, 'it is no single raw file');
  }
  return Promise.resolve(new RawImage(new DescriptorFile(source.chain[0]!.fd, label, readOnly)));
}
