/**
 * What a file says of itself, read without standing in the thread: it may lie on a medium that does
 * not answer, and others wait for this worker.
 */
import { fstat, read } from 'node:fs';
import { promisify } from 'node:util';
import { systemError } from '../disk-error.ts';
import { DescriptorFile } from '../files/descriptor-file.ts';
import { scatter, totalBytes } from '../buffers.ts';
import { describeHeader } from '../qcow2/create.ts';
import { headerBytesIn } from '../qcow2/header.ts';
import type { DiskDescription, DiskFile } from './disk-service.contract.ts';

const statOf = promisify(fstat);
const readAt = promisify(read);

/** Of most headers, as a whole. */
const FIRST_BYTES = 4096;

/** @throws DomusError `disk.…` */
export async function describeFile({ fd, format, label }: DiskFile): Promise<DiskDescription> {
  const size = await sizeOf(fd, label);
  if (format === 'raw') return { bytes: Math.ceil(size / 512) * 512, backing: null };
  let head = await beginning(fd, label, FIRST_BYTES);
  const wanted = headerBytesIn(new DataView(head.buffer));
  if (wanted > head.length) head = await beginning(fd, label, wanted);
  const { bytes, backing } = describeHeader({
    label,
    size,
    read(offset, target) {
      const bytes = new Uint8Array(totalBytes(target));
      bytes.set(head.subarray(offset, offset + bytes.length));
      scatter(bytes, target);
    },
  });
  return { bytes, backing };
}

async function sizeOf(fd: number, label: string): Promise<number> {
  try {
    const stat = await statOf(fd);
    if (stat.isFile()) return stat.size;
  } catch (error) {
    throw systemError(label, 'opening', error);
  }
  return new DescriptorFile(fd, label, true).size;
}

/** With zeros beyond the end. */
async function beginning(
  fd: number,
  label: string,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  try {
    for (let got = 0; got < length;) {
      const { bytesRead } = await readAt(fd, bytes, got, length - got, got);
      if (bytesRead === 0) break;
      got += bytesRead;
    }
  } catch (error) {
    throw systemError(label, 'reading', error);
  }
  return bytes;
}
