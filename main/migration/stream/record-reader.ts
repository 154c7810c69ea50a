/** Cuts a stream into records and checks what does not depend on their meaning. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { DomusError } from '../../../shared/errors.ts';
import { ByteGatherer } from './byte-gatherer.ts';
import {
  Feature,
  KNOWN_RECORD_FLAGS,
  KNOWN_REQUIRED_FEATURES,
  MAX_PAYLOAD_BYTES,
  MAX_UNKNOWN_BYTES,
  Preamble,
  RecordFlag,
  RecordHeader,
  RecordType,
  STREAM_MAGIC,
  STREAM_VERSION,
  padded,
} from './stream.abi.ts';
import { streamError } from './stream-error.ts';
import type { StreamErrorCode } from './stream-error.ts';

export interface StreamRecord {
  type: number;
  optional: boolean;
  /** Valid until the next record is asked for. */
  payload: Uint8Array;
  /** Byte offset of its header in the stream. */
  at: number;
}

interface Header extends Omit<StreamRecord, 'payload'> {
  length: number;
  bytes: Uint8Array;
  view: DataView;
}

export class RecordReader {
  /** From the preamble: null until it has come. */
  features: number | null = null;
  /** Bytes and records that were taken and found right. */
  bytes = 0;
  records = 0;
  private readonly origin: string;
  private readonly verified: boolean;
  private readonly gatherer = new ByteGatherer();
  private readonly digest = createHash('sha256');
  /** As `digest`, without the header of a record that carries it. */
  private beforeLast = this.digest;
  private header: Header | null = null;

  /** `verified`: an earlier pass over the same bytes found every checksum right. */
  constructor(origin: string, verified: boolean) {
    this.origin = origin;
    this.verified = verified;
  }

  feed(chunk: Uint8Array): void {
    this.gatherer.feed(chunk);
  }

  /** Bytes of the chunk that belong to no record taken so far. */
  get left(): number {
    return this.gatherer.left;
  }

  get live(): boolean {
    return this.has(Feature.live);
  }

  has(feature: number): boolean {
    return ((this.features ?? 0) & feature) !== 0;
  }

  /** SHA-256 of the preamble and all headers before the last record's. */
  fingerprint(): Buffer {
    return this.beforeLast.copy().digest();
  }

  /** The next whole record, or null when the chunk is used up. */
  next(): StreamRecord | null {
    if (this.features === null && !this.readPreamble()) return null;
    this.header ??= this.readHeader();
    if (this.header === null) return null;
    const { type, optional, length, at } = this.header;
    const payload = this.gatherer.take(padded(length));
    if (payload === null) return null;
    this.accept(this.header, payload);
    this.header = null;
    return { type, optional, at, payload: payload.subarray(0, length) };
  }

  private readPreamble(): boolean {
    const bytes = this.gatherer.take(Preamble.size);
    if (bytes === null) return false;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (!STREAM_MAGIC.every((byte, index) => bytes[Preamble.magic + index] === byte)) {
      throw this.refuse('stream.not-a-stream', 0, 'this is no record stream of Domus');
    }
    const version = view.getUint32(Preamble.version, true);
    if (version !== STREAM_VERSION) {
      const what = `the stream has version ${version}, and ${STREAM_VERSION} is known here`;
      throw this.refuse('stream.unsupported', 0, what, { version });
    }
    if (crc32(bytes.subarray(0, Preamble.crc32)) !== view.getUint32(Preamble.crc32, true)) {
      throw this.refuse('stream.corrupt', 0, 'the checksum of its beginning does not match');
    }
    const features = view.getUint32(Preamble.requiredFeatures, true);
    const unknown = (features & ~KNOWN_REQUIRED_FEATURES) >>> 0;
    if (unknown !== 0) {
      const what = `it needs features that are not known here (0x${unknown.toString(16)})`;
      throw this.refuse('stream.unsupported', 0, what, { unknown });
    }
    this.digest.update(bytes);
    this.features = features;
    this.bytes = Preamble.size;
    return true;
  }

  private readHeader(): Header | null {
    const taken = this.gatherer.take(RecordHeader.size);
    if (taken === null) return null;
    const bytes = Uint8Array.from(taken);
    const view = new DataView(bytes.buffer);
    const at = this.bytes;
    const type = view.getUint32(RecordHeader.type, true);
    const flags = view.getUint32(RecordHeader.flags, true);
    const length = view.getUint32(RecordHeader.length, true);
    const sequence = view.getUint32(RecordHeader.sequence, true);
    if (sequence !== this.records) {
      const what = `record ${sequence} stands where ${this.records} should`;
      throw this.refuse('stream.out-of-order', at, what);
    }
    if (length > (MAX_PAYLOAD_BYTES.get(type) ?? MAX_UNKNOWN_BYTES)) {
      throw this.refuse('stream.too-large', at, `a record of type ${type} claims ${length} bytes`);
    }
    if ((flags & ~KNOWN_RECORD_FLAGS) !== 0 || view.getUint32(RecordHeader.reserved, true) !== 0) {
      throw this.refuse('stream.unsupported', at, 'a record has flags that are not known here');
    }
    const optional = (flags & RecordFlag.optional) !== 0;
    return { type, optional, length, at, bytes, view };
  }

  private accept(header: Header, paddedPayload: Uint8Array): void {
    if (!this.verified) {
      const crc = crc32(paddedPayload, crc32(header.bytes.subarray(0, RecordHeader.crc32)));
      if (crc !== header.view.getUint32(RecordHeader.crc32, true)) {
        const what = `the checksum of record ${this.records} does not match`;
        throw this.refuse('stream.corrupt', header.at, what);
      }
      const carriesDigest = header.type === RecordType.end || header.type === RecordType.checkpoint;
      if (carriesDigest) this.beforeLast = this.digest.copy();
      this.digest.update(header.bytes);
    }
    if (paddedPayload.subarray(header.length).some((byte) => byte !== 0)) {
      throw this.refuse('stream.malformed', header.at, 'a record is padded with more than zeros');
    }
    this.bytes += RecordHeader.size + paddedPayload.length;
    this.records++;
  }

  private refuse(
    code: StreamErrorCode,
    at: number,
    what: string,
    data: Record<string, unknown> = {},
  ): DomusError {
    return streamError(code, this.origin, at, what, data);
  }
}
