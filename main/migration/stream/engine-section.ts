/** Named parts of the engine's state, with their zeros left out. */
import {
  MAX_SECTION_BYTES,
  MAX_SECTION_NAME_BYTES,
  PAGE_BYTES,
  SectionExtent,
  SectionPayload,
  padded,
} from './stream.abi.ts';
import { PayloadError } from './stream-error.ts';
import { ZeroScan } from './zero-scan.ts';

const NAME = /^[a-z0-9]+([.-][a-z0-9]+)*$/;

export interface EngineSection {
  name: string;
  /** A buffer of its own, from offset 0: the receiver may keep it and lay any view over it. */
  bytes: Uint8Array<ArrayBuffer>;
}

/** The payload of a section, in pieces that are not copied. */
export function encodeSection(name: string, bytes: Uint8Array): Uint8Array[] {
  if (!NAME.test(name) || name.length > MAX_SECTION_NAME_BYTES) {
    throw new RangeError(`"${name}" is no name for an engine section: a-z, 0-9, dots and dashes`);
  }
  if (bytes.length > MAX_SECTION_BYTES) {
    throw new RangeError(
      `engine section ${name} has ${bytes.length} bytes: ${MAX_SECTION_BYTES} at most`,
    );
  }
  const extents = nonZeroExtents(bytes);
  const tableEnd = SectionPayload.table + extents.length * SectionExtent.size;
  const head = new Uint8Array(tableEnd + padded(name.length));
  const view = new DataView(head.buffer);
  view.setUint32(SectionPayload.nameBytes, name.length, true);
  view.setUint32(SectionPayload.totalBytes, bytes.length, true);
  view.setUint32(SectionPayload.extents, extents.length, true);
  extents.forEach(({ offset, length }, index) => {
    const entry = SectionPayload.table + index * SectionExtent.size;
    view.setUint32(entry + SectionExtent.offset, offset, true);
    view.setUint32(entry + SectionExtent.length, length, true);
  });
  head.set(new TextEncoder().encode(name), tableEnd);
  return [head, ...extents.map(({ offset, length }) => bytes.subarray(offset, offset + length))];
}

/** Name and size without the bytes: what the reader checks before it makes room for a section. */
export function sectionSize(payload: Uint8Array): number {
  if (payload.length < SectionPayload.table) {
    throw new PayloadError('an engine section is shorter than its header');
  }
  const totalBytes = new DataView(payload.buffer, payload.byteOffset).getUint32(
    SectionPayload.totalBytes,
    true,
  );
  if (totalBytes > MAX_SECTION_BYTES) {
    throw new PayloadError(`an engine section of ${totalBytes} bytes`, 'stream.too-large');
  }
  return totalBytes;
}

/** @throws PayloadError */
export function decodeSection(payload: Uint8Array): EngineSection {
  const totalBytes = sectionSize(payload);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const nameBytes = view.getUint32(SectionPayload.nameBytes, true);
  const extents = view.getUint32(SectionPayload.extents, true);
  const nameAt = SectionPayload.table + extents * SectionExtent.size;
  let dataAt = nameAt + padded(nameBytes);
  if (nameBytes > MAX_SECTION_NAME_BYTES || dataAt > payload.length) {
    throw new PayloadError('an engine section is shorter than its table');
  }
  const name = String.fromCharCode(...payload.subarray(nameAt, nameAt + nameBytes));
  if (!NAME.test(name)) throw new PayloadError('an engine section without a proper name');

  const bytes = new Uint8Array(totalBytes);
  let filled = 0;
  for (let entry = SectionPayload.table; entry < nameAt; entry += SectionExtent.size) {
    const offset = view.getUint32(entry + SectionExtent.offset, true);
    const length = view.getUint32(entry + SectionExtent.length, true);
    if (length === 0 || offset < filled || offset + length > totalBytes) {
      throw new PayloadError(`engine section ${name} has an extent out of place`);
    }
    if (dataAt + length > payload.length) {
      throw new PayloadError(`engine section ${name} lacks bytes that its table promises`);
    }
    bytes.set(payload.subarray(dataAt, dataAt + length), offset);
    dataAt += length;
    filled = offset + length;
  }
  if (dataAt !== payload.length) {
    throw new PayloadError(`engine section ${name} has bytes that its table does not name`);
  }
  return { name, bytes };
}

function nonZeroExtents(bytes: Uint8Array): { offset: number; length: number }[] {
  const scan = new ZeroScan(bytes);
  const extents: { offset: number; length: number }[] = [];
  for (let offset = 0; offset < bytes.length; offset += PAGE_BYTES) {
    const end = Math.min(offset + PAGE_BYTES, bytes.length);
    if (scan.isZero(offset, end)) continue;
    const last = extents.at(-1);
    if (last && last.offset + last.length === offset) last.length += end - offset;
    else extents.push({ offset, length: end - offset });
  }
  return extents;
}
