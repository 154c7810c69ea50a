/** Reads a header and refuses what cannot be used, before anything is allocated for it. */
import { diskError } from '../disk-error.ts';
import type { DiskErrorCode } from '../disk-error.ts';
import type { BlockFile } from '../files/block-file.ts';
import {
  ENTRY_BYTES,
  Header,
  HeaderExtension,
  Incompatible,
  MAX_BACKING_NAME_BYTES,
  MAX_CLUSTER_BITS,
  MAX_L1_ENTRIES,
  MAX_REFCOUNT_TABLE_BYTES,
  MIN_CLUSTER_BITS,
  QCOW2_MAGIC,
  REFCOUNT_ORDER,
  UNSUPPORTED_FEATURES,
} from './qcow2.abi.ts';

export interface Qcow2Header {
  version: 2 | 3;
  clusterBytes: number;
  /** Virtual size. */
  bytes: number;
  l1Offset: number;
  l1Entries: number;
  refcountTableOffset: number;
  refcountTableClusters: number;
  refcountOrder: number;
  snapshots: number;
  /** A program that counts references lazily did not finish: the counts are not to be trusted. */
  dirty: boolean;
  corrupt: boolean;
  hasAutoclear: boolean;
  /** As the file has it: what it names, and whether that may be opened, is the toolstack's to judge. */
  backing: { name: string; format: string | null } | null;
}

/** What a header is read of: the file, or as much of its beginning as {@link headerBytesIn} says. */
export type HeaderFile = Pick<BlockFile, 'label' | 'size' | 'read'>;

/** How much of a file has to be looked at, by its first {@link Header.v3Size} bytes. */
export function headerBytesIn(start: DataView): number {
  const named = u64(start, Header.backingOffset) + start.getUint32(Header.backingBytes);
  return Math.min(Math.max(Header.v3Size, named), 2 ** MAX_CLUSTER_BITS);
}

/** @throws DomusError `disk.not-qcow2`, `disk.unsupported`, `disk.corrupt`, `disk.too-large` */
export function readHeader(file: HeaderFile): Qcow2Header {
  const refuse = (code: DiskErrorCode, what: string): never => {
    throw diskError(code, file.label, what);
  };
  const start = new Uint8Array(Header.v3Size);
  file.read(0, [start]);
  const view = new DataView(start.buffer);
  if (file.size < Header.v2Size || view.getUint32(Header.magic) !== QCOW2_MAGIC) {
    refuse('disk.not-qcow2', 'it does not begin as a qcow2 image does');
  }
  const version = view.getUint32(Header.version);
  if (version !== 2 && version !== 3) {
    return refuse('disk.unsupported', `its qcow2 version is ${version}, and 2 and 3 are known`);
  }
  const clusterBits = view.getUint32(Header.clusterBits);
  if (clusterBits < MIN_CLUSTER_BITS || clusterBits > MAX_CLUSTER_BITS) {
    refuse('disk.corrupt', `its clusters would have 2^${clusterBits} bytes`);
  }
  if (view.getUint32(Header.encryption) !== 0) refuse('disk.unsupported', 'it is encrypted');

  const isV3 = version === 3;
  const header: Qcow2Header = {
    version,
    clusterBytes: 2 ** clusterBits,
    bytes: u64(view, Header.size),
    l1Offset: u64(view, Header.l1Offset),
    l1Entries: view.getUint32(Header.l1Entries),
    refcountTableOffset: u64(view, Header.refcountTableOffset),
    refcountTableClusters: view.getUint32(Header.refcountTableClusters),
    refcountOrder: isV3 ? view.getUint32(Header.refcountOrder) : REFCOUNT_ORDER,
    snapshots: view.getUint32(Header.snapshots),
    dirty: isV3 && (view.getUint32(Header.incompatible + 4) & Incompatible.dirty) !== 0,
    corrupt: isV3 && (view.getUint32(Header.incompatible + 4) & Incompatible.corrupt) !== 0,
    hasAutoclear: isV3 && u64(view, Header.autoclear) !== 0,
    backing: null,
  };
  if (isV3) checkFeatures(view, refuse);
  const problem = sizeProblem(header) ?? placeProblem(header, file.size);
  if (problem) refuse('disk.corrupt', problem);
  const headerBytes = isV3 ? view.getUint32(Header.headerBytes) : Header.v2Size;
  if (headerBytes < (isV3 ? Header.v3Size : Header.v2Size) || headerBytes > header.clusterBytes) {
    refuse('disk.corrupt', `its header would have ${headerBytes} bytes`);
  }
  header.backing = readBacking(file, view, header.clusterBytes, headerBytes, refuse);
  return header;
}

type Refuse = (code: DiskErrorCode, what: string) => never;

/** As a number: beyond 2^53 it is no longer exact, and too large for everything anyway. */
function u64(view: DataView, at: number): number {
  return view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
}

function checkFeatures(view: DataView, refuse: Refuse): void {
  const low = view.getUint32(Header.incompatible + 4);
  for (const [bit, name] of UNSUPPORTED_FEATURES) {
    if ((low & (1 << bit)) !== 0) refuse('disk.unsupported', `it uses ${name}`);
  }
  const known = Incompatible.dirty | Incompatible.corrupt;
  if ((low & ~known) !== 0 || view.getUint32(Header.incompatible) !== 0) {
    const bits = `0x${(view.getBigUint64(Header.incompatible) & ~BigInt(known)).toString(16)}`;
    refuse('disk.unsupported', `it uses features that are not known here (${bits})`);
  }
}

function sizeProblem(header: Qcow2Header): string | null {
  const { bytes, clusterBytes, l1Entries, refcountTableClusters } = header;
  if (!Number.isSafeInteger(bytes)) return 'its size is absurd';
  if (bytes % 512 !== 0) return `its size, ${bytes} bytes, is no multiple of 512`;
  if (l1Entries > MAX_L1_ENTRIES) return `its L1 table would have ${l1Entries} entries`;
  if (l1Entries < l1EntriesFor(bytes, clusterBytes)) {
    return `its L1 table has ${l1Entries} entries, too few for ${bytes} bytes`;
  }
  if (refcountTableClusters * clusterBytes > MAX_REFCOUNT_TABLE_BYTES) {
    return `its refcount table would have ${refcountTableClusters} clusters`;
  }
  if (refcountTableClusters === 0) return 'it has no refcount table';
  return header.refcountOrder > 6 ? `its counts would have 2^${header.refcountOrder} bits` : null;
}

function placeProblem(header: Qcow2Header, fileBytes: number): string | null {
  const { clusterBytes, l1Offset, refcountTableOffset } = header;
  const end = Math.ceil(fileBytes / clusterBytes) * clusterBytes;
  const l1Bytes = header.l1Entries * ENTRY_BYTES;
  const tableBytes = header.refcountTableClusters * clusterBytes;
  const isPlace = (offset: number, bytes: number): boolean =>
    offset % clusterBytes === 0 && offset >= clusterBytes && offset + bytes <= end;
  if (l1Bytes > 0 && !isPlace(l1Offset, l1Bytes)) return 'its L1 table is no place in the file';
  if (!isPlace(refcountTableOffset, tableBytes))
    return 'its refcount table is no place in the file';
  const apart =
    l1Offset + l1Bytes <= refcountTableOffset || refcountTableOffset + tableBytes <= l1Offset;
  return l1Bytes === 0 || apart ? null : 'its L1 table and its refcount table overlap';
}

export function l1EntriesFor(bytes: number, clusterBytes: number): number {
  return Math.ceil(bytes / clusterBytes / (clusterBytes / ENTRY_BYTES));
}

function readBacking(
  file: HeaderFile,
  view: DataView,
  clusterBytes: number,
  headerBytes: number,
  refuse: Refuse,
): Qcow2Header['backing'] {
  const offset = u64(view, Header.backingOffset);
  const length = view.getUint32(Header.backingBytes);
  if (offset === 0) return null;
  if (length === 0 || length > MAX_BACKING_NAME_BYTES || offset + length > clusterBytes) {
    refuse('disk.corrupt', 'the name of its backing file is no place in its header');
  }
  const name = new Uint8Array(length);
  file.read(offset, [name]);
  const extensions = new Uint8Array(Math.min(Math.max(0, offset - headerBytes), clusterBytes));
  file.read(headerBytes, [extensions]);
  return { name: new TextDecoder().decode(name), format: backingFormat(extensions) };
}

function backingFormat(extensions: Uint8Array): string | null {
  const view = new DataView(extensions.buffer);
  let at = 0;
  while (at + 8 <= extensions.length) {
    const type = view.getUint32(at);
    const length = view.getUint32(at + 4);
    if (type === HeaderExtension.end) return null;
    at += 8;
    if (type === HeaderExtension.backingFormat && length <= extensions.length - at) {
      return new TextDecoder().decode(extensions.subarray(at, at + length));
    }
    at += Math.ceil(length / 8) * 8;
  }
  return null;
}
