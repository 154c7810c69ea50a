/** Writes a record stream (see stream.abi.ts) into a synchronous sink, chunk by chunk. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ChunkOutput } from './chunk-output.ts';
import type { ChunkSink } from './chunk-output.ts';
import { StreamConfigSchema } from './config.ts';
import type { StreamConfigInput } from './config.ts';
import { encodeSection } from './engine-section.ts';
import type { ToldLines } from './line-batch.ts';
import { LineBatchBuilder } from './line-batch-builder.ts';
import { MIN_BATCH_BYTES, PageBatchBuilder } from './page-batch-builder.ts';
import type { StreamReport } from './report.ts';
import type { PageKind } from './stream.abi.ts';
import {
  ALIGNMENT,
  EndPayload,
  Feature,
  MAX_PAYLOAD_BYTES,
  Preamble,
  RecordFlag,
  RecordHeader,
  RecordType,
  STREAM_MAGIC,
  STREAM_VERSION,
  padded,
} from './stream.abi.ts';

export const DEFAULT_CHUNK_BYTES: number = 1 << 20;
export const MIN_CHUNK_BYTES: number = 8 << 10;

export interface StreamWriterOptions {
  /** A multiple of 8 from {@link MIN_CHUNK_BYTES} on; default {@link DEFAULT_CHUNK_BYTES}. */
  chunkBytes?: number;
  /**
   * Gives the buffer for the next chunk, `chunkBytes` long. The default makes a new one each
   * time, so that the sink may keep or transfer what it gets; a sink that is done with a chunk
   * when it returns can have the same one again and again.
   */
  allocate?: () => Uint8Array<ArrayBuffer>;
  /** The domain runs meanwhile: pages and sections may be sent again ({@link Feature.live}). */
  live?: boolean;
  /** States follow each other, each ended by {@link StreamWriter.checkpoint}; implies `live`. */
  checkpoints?: boolean;
  /** Pages may be told by their lines ({@link Feature.lines}). */
  lines?: boolean;
}

/**
 * One stream: {@link config}, then pages and states in any order, then {@link end}. Chunks reach
 * the sink from within these calls; what the sink throws comes out of them, and the stream is
 * then lost.
 */
export class StreamWriter {
  private readonly output: ChunkOutput;
  private readonly batch: PageBatchBuilder;
  /** Null in a stream that has none. */
  private readonly lines: LineBatchBuilder | null;
  private readonly digest = createHash('sha256');
  private sequence = 0;
  private dataPages = 0;
  private phase: 'new' | 'open' | 'ended' = 'new';

  constructor(sink: ChunkSink, options: StreamWriterOptions = {}) {
    const chunkBytes = options.chunkBytes ?? DEFAULT_CHUNK_BYTES;
    if (!(chunkBytes >= MIN_CHUNK_BYTES) || chunkBytes % ALIGNMENT !== 0) {
      throw new RangeError(`a chunk of ${chunkBytes} bytes: a multiple of 8 from 8 KiB on`);
    }
    const fresh = (): Uint8Array<ArrayBuffer> => new Uint8Array(chunkBytes);
    this.output = new ChunkOutput(sink, options.allocate ?? fresh);
    this.batch = new PageBatchBuilder(this.output);
    const { live = false, checkpoints = false, lines = false } = options;
    this.lines = lines ? new LineBatchBuilder() : null;
    this.writePreamble(
      (live || checkpoints ? Feature.live : 0) |
        (checkpoints ? Feature.checkpoints : 0) |
        (lines ? Feature.lines : 0),
    );
  }

  /** Bytes of the stream so far, headers included. */
  get bytes(): number {
    return this.output.total;
  }

  /** @throws ZodError when the config is not one */
  config(config: StreamConfigInput): void {
    if (this.phase !== 'new') throw new Error('a stream has one config record, its first');
    this.phase = 'open';
    this.writeJson(RecordType.config, StreamConfigSchema.parse(config));
  }

  /** Frames whose bytes go along, out of `ram`, the guest's memory from gfn 0 on. */
  addPages(ram: Uint8Array, firstGfn: number, count: number): void {
    this.requireOpen();
    let done = 0;
    while (done < count) {
      const taken = this.batch.addData(ram, firstGfn + done, count - done);
      if (taken === 0) this.beginBatch();
      done += taken;
    }
  }

  /** Frames that are all zeros, or have nothing behind them: eight bytes a run. */
  addEmptyPages(
    kind: typeof PageKind.zero | typeof PageKind.unpopulated,
    firstGfn: number,
    count: number,
  ): void {
    this.requireOpen();
    let done = 0;
    while (done < count) {
      const taken = this.batch.addEmpty(kind, firstGfn + done, count - done);
      if (taken === 0) this.beginBatch();
      done += taken;
    }
  }

  /** A page of which only those lines go along. Other pages of this round may go before it. */
  addLines(ram: Uint8Array, told: ToldLines): void {
    this.requireOpen();
    if (!this.lines) throw new Error('a stream that was begun without lines');
    if (this.lines.add(ram, told)) return;
    this.completeLines();
    this.lines.add(ram, told);
  }

  /**
   * A part of the engine's state under a name of `a-z 0-9 . -`.
   *
   * @throws RangeError for another name or more than MAX_SECTION_BYTES
   */
  engineState(name: string, bytes: Uint8Array): void {
    this.writeRecord(RecordType.engineState, encodeSection(name, bytes));
  }

  domainState(state: unknown): void {
    this.writeJson(RecordType.domainState, state);
  }

  /** As the host's xenstore exported it. */
  xenstore(exported: Uint8Array): void {
    this.writeRecord(RecordType.xenstore, [exported]);
  }

  /** What is translated of the guest's code was taken just now ({@link RecordType.code}). */
  code(): void {
    this.writeRecord(RecordType.code, [], { flags: RecordFlag.optional });
  }

  /** Hands on what is gathered, though the chunk is not full: before a pause in a live stream. */
  flush(): void {
    this.completePages();
    this.output.flush();
  }

  /** What was written so far is a state that may be resumed; hands it on. `beside` is JSON. */
  checkpoint(beside: unknown): void {
    this.requireOpen();
    this.completePages();
    const { payload } = this.totals();
    const json = new TextEncoder().encode(JSON.stringify(beside));
    this.writeRecord(RecordType.checkpoint, [payload, json]);
    this.output.flush();
  }

  /** Completes the stream and hands on its last chunk. */
  end(): StreamReport {
    this.requireOpen();
    this.completePages();
    const { payload, sha256 } = this.totals();
    this.writeRecord(RecordType.end, [payload], { last: true });
    this.phase = 'ended';
    this.output.flush();
    return {
      bytes: this.output.total,
      records: this.sequence,
      dataPages: this.dataPages,
      digest: sha256.toString('hex'),
    };
  }

  private totals(): { payload: Uint8Array; sha256: Buffer } {
    const sha256 = this.digest.copy().digest();
    const payload = new Uint8Array(EndPayload.size);
    const view = new DataView(payload.buffer);
    view.setBigUint64(EndPayload.bytes, BigInt(this.output.total), true);
    view.setUint32(EndPayload.records, this.sequence, true);
    view.setUint32(EndPayload.dataPages, this.dataPages, true);
    payload.set(sha256, EndPayload.sha256);
    return { payload, sha256 };
  }

  private writePreamble(requiredFeatures: number): void {
    const preamble = new Uint8Array(Preamble.size);
    const view = new DataView(preamble.buffer);
    preamble.set(STREAM_MAGIC, Preamble.magic);
    view.setUint32(Preamble.version, STREAM_VERSION, true);
    view.setUint32(Preamble.requiredFeatures, requiredFeatures, true);
    view.setUint32(Preamble.crc32, crc32(preamble.subarray(0, Preamble.crc32)), true);
    this.digest.update(preamble);
    this.output.append(preamble);
  }

  private writeJson(type: number, value: unknown): void {
    this.writeRecord(type, [new TextEncoder().encode(JSON.stringify(value))]);
  }

  /** A record whose payload exists already; `last` keeps it out of the digest, which it carries. */
  private writeRecord(
    type: number,
    payload: Uint8Array[],
    { flags = 0, last = false }: { flags?: number; last?: boolean } = {},
  ): void {
    this.completePages();
    this.requireOpen();
    const length = payload.reduce((sum, piece) => sum + piece.length, 0);
    if (length > (MAX_PAYLOAD_BYTES.get(type) ?? 0)) {
      throw new RangeError(`a record of type ${type} with ${length} bytes is too large`);
    }
    const padding = new Uint8Array(padded(length) - length);
    const header = this.nextHeader(type, length, flags);
    let crc = crc32(header.subarray(0, RecordHeader.crc32));
    for (const piece of payload) crc = crc32(piece, crc);
    this.sealHeader(header, crc32(padding, crc), last);
    this.output.makeRoom(RecordHeader.size + padded(length));
    this.output.append(header);
    for (const piece of payload) this.output.append(piece);
    this.output.append(padding);
  }

  private beginBatch(): void {
    this.completeBatch();
    this.output.makeRoom(MIN_BATCH_BYTES);
  }

  private completePages(): void {
    this.completeBatch();
    this.completeLines();
  }

  private completeLines(): void {
    if (!this.lines || this.lines.isEmpty) return;
    const { pieces, pages } = this.lines.complete();
    this.writeRecord(RecordType.lines, pieces);
    this.dataPages += pages;
  }

  private completeBatch(): void {
    if (this.batch.isEmpty) return;
    const { payloadBytes, dataPages } = this.batch.complete();
    const { bytes, at } = this.output;
    const recordEnd = at + RecordHeader.size + payloadBytes;
    const header = this.nextHeader(RecordType.pages, payloadBytes);
    const crc = crc32(header.subarray(0, RecordHeader.crc32));
    this.sealHeader(header, crc32(bytes.subarray(at + RecordHeader.size, recordEnd), crc));
    bytes.set(header, at);
    this.output.at = recordEnd;
    this.dataPages += dataPages;
  }

  private nextHeader(type: number, length: number, flags = 0): Uint8Array<ArrayBuffer> {
    const header = new Uint8Array(RecordHeader.size);
    const view = new DataView(header.buffer);
    view.setUint32(RecordHeader.type, type, true);
    view.setUint32(RecordHeader.flags, flags, true);
    view.setUint32(RecordHeader.length, length, true);
    view.setUint32(RecordHeader.sequence, this.sequence++, true);
    return header;
  }

  private sealHeader(header: Uint8Array<ArrayBuffer>, crc: number, last = false): void {
    new DataView(header.buffer).setUint32(RecordHeader.crc32, crc, true);
    if (!last) this.digest.update(header);
  }

  private requireOpen(): void {
    if (this.phase !== 'open') throw new Error(`the stream is ${this.phase}: no record goes here`);
  }
}
