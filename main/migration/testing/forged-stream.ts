/** Streams of any records, properly numbered and summed: what a hostile sender can make. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import {
  EndPayload,
  Preamble,
  RecordHeader,
  RecordType,
  STREAM_MAGIC,
  STREAM_VERSION,
  padded,
} from '../stream/stream.abi.ts';
import type { StreamConfigInput } from '../stream/config.ts';

export interface ForgedRecord {
  type: number;
  flags?: number;
  payload: Uint8Array;
  /** Instead of its place in the stream. */
  sequence?: number;
}

export interface ForgeOptions {
  requiredFeatures?: number;
  version?: number;
  /** Without it the stream ends after the records given. */
  end?: boolean;
  /** Data pages that the end record claims. */
  dataPages?: number;
}

export const CONFIG: StreamConfigInput = {
  uuid: '6f0e7a52-5b0e-4c39-9d43-2f1d4c1b0a77',
  name: 'web1',
  memory: { pages: 4 },
  versions: { engine: { v86: '0.5.462', instrumentation: 'abc' }, hypervisorState: 1 },
};

export function jsonPayload(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

export function words(...values: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

export function forgeStream(records: ForgedRecord[], options: ForgeOptions = {}): Uint8Array {
  const preamble = forgePreamble(options);
  const digest = createHash('sha256').update(preamble);
  const pieces = [preamble];
  records.forEach((record, index) => {
    const bytes = forgeRecord(record, index);
    digest.update(bytes.subarray(0, RecordHeader.size));
    pieces.push(bytes);
  });
  if (options.end ?? true) {
    const end = Buffer.alloc(EndPayload.size);
    const bytesBefore = pieces.reduce((sum, piece) => sum + piece.length, 0);
    end.writeBigUInt64LE(BigInt(bytesBefore), EndPayload.bytes);
    end.writeUInt32LE(records.length, EndPayload.records);
    end.writeUInt32LE(options.dataPages ?? 0, EndPayload.dataPages);
    digest.digest().copy(end, EndPayload.sha256);
    pieces.push(forgeRecord({ type: RecordType.end, payload: end }, records.length));
  }
  return Buffer.concat(pieces);
}

function forgePreamble(options: ForgeOptions): Buffer {
  const preamble = Buffer.alloc(Preamble.size);
  preamble.set(STREAM_MAGIC, Preamble.magic);
  preamble.writeUInt32LE(options.version ?? STREAM_VERSION, Preamble.version);
  preamble.writeUInt32LE(options.requiredFeatures ?? 0, Preamble.requiredFeatures);
  preamble.writeUInt32LE(crc32(preamble.subarray(0, Preamble.crc32)), Preamble.crc32);
  return preamble;
}

function forgeRecord(record: ForgedRecord, index: number): Buffer {
  const bytes = Buffer.alloc(RecordHeader.size + padded(record.payload.length));
  bytes.writeUInt32LE(record.type, RecordHeader.type);
  bytes.writeUInt32LE(record.flags ?? 0, RecordHeader.flags);
  bytes.writeUInt32LE(record.payload.length, RecordHeader.length);
  bytes.writeUInt32LE(record.sequence ?? index, RecordHeader.sequence);
  bytes.set(record.payload, RecordHeader.size);
  const head = crc32(bytes.subarray(0, RecordHeader.crc32));
  bytes.writeUInt32LE(crc32(bytes.subarray(RecordHeader.size), head), RecordHeader.crc32);
  return bytes;
}
