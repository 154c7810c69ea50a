/** Makes an image: empty, or an overlay over another. */
import { diskError, systemError } from '../disk-error.ts';
import { DescriptorFile } from '../files/descriptor-file.ts';
import type { BlockFile } from '../files/block-file.ts';
import { l1EntriesFor, readHeader } from './header.ts';
import type { HeaderFile } from './header.ts';
import {
  ENTRY_BYTES,
  Header,
  HeaderExtension,
  MAX_BACKING_NAME_BYTES,
  MAX_L1_ENTRIES,
  QCOW2_MAGIC,
  REFCOUNT_BYTES,
  REFCOUNT_ORDER,
} from './qcow2.abi.ts';

export interface NewQcow2 {
  /** Virtual size, a multiple of 512. */
  bytes: number;
  /** A power of two from 512 to 2 MiB; default 64 KiB. */
  clusterBytes?: number;
  /** What it is made over: the name is for other programs, and relative to where the image lies. */
  backing?: { name: string; format: 'raw' | 'qcow2' };
}

/** What an image says of itself; `backing.name` is not to be trusted. */
export interface Qcow2Description {
  version: 2 | 3;
  bytes: number;
  clusterBytes: number;
  backing: { name: string; format: string | null } | null;
  snapshots: number;
}

/**
 * Fills an empty file. It is a qcow2 image, on stable storage, when this returns, and none before.
 *
 * @param fd opened for writing, by the caller, who closes it
 * @throws DomusError `disk.too-large`, `disk.no-space`, `disk.…`
 */
export function createQcow2(fd: number, label: string, image: NewQcow2): void {
  const file = new DescriptorFile(fd, label, false);
  if (file.size !== 0) throw diskError('disk.bad-request', label, 'the file for it is not empty');
  writeImage(file, image);
}

/** Reads a header without opening the image. @throws DomusError like opening it */
export function describeQcow2(fd: number, label: string): Qcow2Description {
  return describeHeader(new DescriptorFile(fd, label, true));
}

/** The same, of what a file begins with. */
export function describeHeader(file: HeaderFile): Qcow2Description {
  const { version, bytes, clusterBytes, backing, snapshots } = readHeader(file);
  return { version, bytes, clusterBytes, backing, snapshots };
}

/** The same for any {@link BlockFile}, which reads as zeros. */
export function writeImage(file: BlockFile, image: NewQcow2): void {
  const { bytes, clusterBytes = 64 * 1024 } = image;
  if (!Number.isInteger(Math.log2(clusterBytes)) || clusterBytes < 512 || clusterBytes > 2 ** 21) {
    throw diskError(
      'disk.bad-request',
      file.label,
      `it cannot have clusters of ${clusterBytes} bytes`,
    );
  }
  if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes % 512 !== 0) {
    throw diskError('disk.bad-request', file.label, `it cannot have ${bytes} bytes`);
  }
  const l1Entries = Math.max(1, l1EntriesFor(bytes, clusterBytes));
  if (l1Entries > MAX_L1_ENTRIES) {
    throw diskError('disk.too-large', file.label, `its tables have no room for ${bytes} bytes`);
  }
  const layout = layOut(clusterBytes, l1Entries);
  const header = headerOf(file.label, image, clusterBytes, l1Entries, layout);
  try {
    file.write(layout.refcountTable * clusterBytes, [refcountTable(clusterBytes, layout)]);
    file.write(layout.blocks * clusterBytes, [refcountBlocks(clusterBytes, layout)]);
    file.extend(layout.end * clusterBytes);
    file.syncNow();
    file.write(0, [header]);
    file.syncNow();
  } catch (error) {
    throw systemError(file.label, 'creating', error);
  }
}

/** First clusters of the parts, one behind the other. */
interface Layout {
  refcountTable: number;
  blocks: number;
  l1: number;
  end: number;
}

function layOut(clusterBytes: number, l1Entries: number): Layout {
  const l1Clusters = Math.ceil((l1Entries * ENTRY_BYTES) / clusterBytes);
  let blocks = 1;
  for (;;) {
    const tableClusters = Math.ceil((blocks * ENTRY_BYTES) / clusterBytes);
    const end = 1 + tableClusters + blocks + l1Clusters;
    if (end <= blocks * (clusterBytes / REFCOUNT_BYTES)) {
      return { refcountTable: 1, blocks: 1 + tableClusters, l1: end - l1Clusters, end };
    }
    blocks++;
  }
}

function refcountTable(clusterBytes: number, layout: Layout): Uint8Array {
  const view = new DataView(new ArrayBuffer((layout.blocks - layout.refcountTable) * clusterBytes));
  for (let block = layout.blocks; block < layout.l1; block++) {
    view.setBigUint64((block - layout.blocks) * ENTRY_BYTES, BigInt(block * clusterBytes));
  }
  return new Uint8Array(view.buffer);
}

function refcountBlocks(clusterBytes: number, layout: Layout): Uint8Array {
  const view = new DataView(new ArrayBuffer((layout.l1 - layout.blocks) * clusterBytes));
  for (let cluster = 0; cluster < layout.end; cluster++)
    view.setUint16(cluster * REFCOUNT_BYTES, 1);
  return new Uint8Array(view.buffer);
}

function headerOf(
  label: string,
  { bytes, backing }: NewQcow2,
  clusterBytes: number,
  l1Entries: number,
  layout: Layout,
): Uint8Array {
  const format = new TextEncoder().encode(backing?.format ?? '');
  const name = new TextEncoder().encode(backing?.name ?? '');
  const formatAt = Header.v3Size + 8;
  const paddedFormat = Math.ceil(format.length / 8) * 8;
  const endAt = backing ? formatAt + paddedFormat : Header.v3Size;
  const nameAt = endAt + 8;
  if (name.length > MAX_BACKING_NAME_BYTES || nameAt + name.length > clusterBytes) {
    throw diskError('disk.too-large', label, 'the name of what it is made over is too long');
  }
  const view = new DataView(new ArrayBuffer(clusterBytes));
  view.setUint32(Header.magic, QCOW2_MAGIC);
  view.setUint32(Header.version, 3);
  view.setUint32(Header.clusterBits, Math.log2(clusterBytes));
  view.setBigUint64(Header.size, BigInt(bytes));
  view.setUint32(Header.l1Entries, l1Entries);
  view.setBigUint64(Header.l1Offset, BigInt(layout.l1 * clusterBytes));
  view.setBigUint64(Header.refcountTableOffset, BigInt(layout.refcountTable * clusterBytes));
  view.setUint32(Header.refcountTableClusters, layout.blocks - layout.refcountTable);
  view.setUint32(Header.refcountOrder, REFCOUNT_ORDER);
  view.setUint32(Header.headerBytes, Header.v3Size);
  const header = new Uint8Array(view.buffer);
  if (backing) {
    view.setUint32(Header.v3Size, HeaderExtension.backingFormat);
    view.setUint32(Header.v3Size + 4, format.length);
    header.set(format, formatAt);
    view.setBigUint64(Header.backingOffset, BigInt(nameAt));
    view.setUint32(Header.backingBytes, name.length);
    header.set(name, nameAt);
  }
  return header;
}
