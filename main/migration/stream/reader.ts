/** Reads a record stream (see stream.abi.ts) as it arrives, and trusts nothing in it. */
import type { DomusError } from '../../../shared/errors.ts';
import { StreamConfigSchema } from './config.ts';
import type { StreamConfig } from './config.ts';
import { decodeSection } from './engine-section.ts';
import { LineBatch } from './line-batch.ts';
import { PageBatch } from './page-batch.ts';
import { RecordReader } from './record-reader.ts';
import type { StreamRecord } from './record-reader.ts';
import type { StreamReport } from './report.ts';
import { StreamContents } from './stream-contents.ts';
import { EndPayload, Feature, padded, RecordHeader, RecordType } from './stream.abi.ts';
import { PayloadError, streamError } from './stream-error.ts';

/**
 * What a stream turns into. A domain is whole only when {@link StreamReader.finish} has returned:
 * until then everything received is provisional. What a handler throws refuses the stream.
 */
export interface StreamHandler {
  /** Once, first. The place to refuse a domain that does not fit here. */
  config(config: StreamConfig): void;
  /** Checked against the memory named in `config`; the batch is valid until this returns. */
  pages(batch: PageBatch): void;
  /** The same of pages by their lines. Only a handler that has this takes a stream with lines. */
  lines?(batch: LineBatch): void;
  /** The bytes belong to the handler. In a live stream a name may come again and replaces. */
  engineState(name: string, bytes: Uint8Array<ArrayBuffer>): void;
  /** Once; in a live stream the last counts. Valid JSON, of unknown shape: the hypervisor validates it. */
  domainState(state: unknown): void;
  /**
   * At most once; in a live stream the last counts. What the sending host's xenstore exported, as it is:
   * nothing of it is checked, and the bytes belong to the handler.
   */
  xenstore(exported: Uint8Array<ArrayBuffer>): void;
  /**
   * All that came so far is a state that may be resumed; `beside` is valid JSON of unknown shape.
   * Only a handler that has this takes a stream with checkpoints.
   */
  checkpoint?(beside: unknown): void;
  /** What was translated of the guest's code is as of here; see {@link RecordType.code}. */
  code?(): void;
}

export interface StreamReaderOptions {
  /** Names the stream in errors, for example `the saved state of "web1"`; default "the stream". */
  origin?: string;
  /**
   * The checksums of these very bytes were verified before ({@link verifyStream}) and nobody else
   * can write them: do not compute them again. Every other check stays.
   */
  verified?: boolean;
}

export class StreamReader {
  private readonly handler: StreamHandler;
  private readonly origin: string;
  private readonly verified: boolean;
  private readonly input: RecordReader;
  private contents: StreamContents | null = null;
  private report: StreamReport | null = null;
  private failure: { cause: unknown } | null = null;

  constructor(handler: StreamHandler, options: StreamReaderOptions = {}) {
    this.handler = handler;
    this.origin = options.origin ?? 'the stream';
    this.verified = options.verified ?? false;
    this.input = new RecordReader(this.origin, this.verified);
  }

  /** Whether the end record has come: only {@link finish} is left to do. */
  get ended(): boolean {
    return this.report !== null;
  }

  /**
   * Takes the next bytes, cut anywhere; uses them before it returns and keeps no reference.
   *
   * @throws DomusError `stream.…`, and the same again from every later call
   */
  push(chunk: Uint8Array): void {
    this.guarded(() => {
      this.input.feed(chunk);
      if (this.report !== null && chunk.length > 0) throw this.trailing();
      for (let record = this.input.next(); record !== null; record = this.input.next()) {
        this.takeRecord(record);
        if (this.report === null) continue;
        if (this.input.left > 0) throw this.trailing();
        break;
      }
    });
  }

  /**
   * No more bytes will come.
   *
   * @throws DomusError `stream.truncated` when the end record has not come
   */
  finish(): StreamReport {
    return this.guarded(() => {
      if (this.report !== null) return this.report;
      const what = `it stops after ${this.input.records} whole records, without its end record`;
      throw streamError('stream.truncated', this.origin, this.input.bytes, what);
    });
  }

  private guarded<T>(work: () => T): T {
    if (this.failure) throw this.failure.cause;
    try {
      return work();
    } catch (error) {
      this.failure = { cause: error };
      this.report = null;
      throw error;
    }
  }

  private takeRecord(record: StreamRecord): void {
    try {
      this.dispatch(record);
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      throw streamError(error.code, this.origin, record.at, error.message, { type: record.type });
    }
  }

  private dispatch({ type, optional, payload }: StreamRecord): void {
    if (type === RecordType.config) return this.takeConfig(payload);
    if (this.contents === null) throw new PayloadError('its first record is no configuration');
    switch (type) {
      case RecordType.pages:
        return this.takePages(payload, this.contents);
      case RecordType.lines:
        return this.takeLines(payload, this.contents);
      case RecordType.engineState:
        return this.takeSection(payload, this.contents);
      case RecordType.domainState:
        this.contents.addState(type);
        return this.handler.domainState(parseJson(payload));
      case RecordType.xenstore:
        this.contents.addState(type);
        return this.handler.xenstore(Uint8Array.from(payload));
      case RecordType.checkpoint:
        return this.takeCheckpoint(payload, this.contents);
      case RecordType.code:
        return this.handler.code?.();
      case RecordType.end:
        return this.takeEnd(payload, this.contents);
      default:
        if (optional) return;
        throw new PayloadError(
          `a record of type ${type}, not known here, is needed`,
          'stream.unsupported',
        );
    }
  }

  private takeConfig(payload: Uint8Array): void {
    if (this.contents !== null) throw new PayloadError('a second configuration');
    const parsed = StreamConfigSchema.safeParse(parseJson(payload));
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new PayloadError(`its configuration: ${issue?.path.join('.')}: ${issue?.message}`);
    }
    this.contents = new StreamContents(parsed.data, this.input.live);
    this.handler.config(parsed.data);
  }

  private takePages(payload: Uint8Array, contents: StreamContents): void {
    const batch = new PageBatch(payload, contents.memoryPages);
    contents.addPages(batch);
    this.handler.pages(batch);
  }

  private takeLines(payload: Uint8Array, contents: StreamContents): void {
    if (!this.input.has(Feature.lines) || !this.handler.lines) {
      throw new PayloadError('pages by their lines, where none are expected', 'stream.unsupported');
    }
    const batch = new LineBatch(payload, contents.memoryPages);
    contents.addLines(batch);
    this.handler.lines(batch);
  }

  private takeSection(payload: Uint8Array, contents: StreamContents): void {
    contents.admitSection(payload);
    const { name, bytes } = decodeSection(payload);
    contents.addSection(name, bytes.length);
    this.handler.engineState(name, bytes);
  }

  private takeCheckpoint(payload: Uint8Array, contents: StreamContents): void {
    if (!this.input.has(Feature.checkpoints) || !this.handler.checkpoint) {
      throw new PayloadError('a checkpoint, where none is expected', 'stream.unsupported');
    }
    contents.endCheckpoint();
    this.checkTotals(payload, contents);
    this.handler.checkpoint(parseJson(payload.subarray(EndPayload.size)));
  }

  private takeEnd(payload: Uint8Array, contents: StreamContents): void {
    if (payload.length !== EndPayload.size) throw new PayloadError('an end record of another size');
    contents.requireComplete();
    const sha256 = this.checkTotals(payload, contents);
    this.report = {
      bytes: this.input.bytes,
      records: this.input.records,
      dataPages: contents.dataPages,
      digest: sha256.toString('hex'),
    };
  }

  /** Returns the fingerprint of all before this record, whose payload it is. */
  private checkTotals(payload: Uint8Array, contents: StreamContents): Buffer {
    if (payload.length < EndPayload.size) throw new PayloadError('totals of another size');
    const end = Buffer.from(payload.subarray(0, EndPayload.size));
    const sha256 = end.subarray(EndPayload.sha256);
    const totalsFit =
      end.readBigUInt64LE(EndPayload.bytes) ===
        BigInt(this.input.bytes - RecordHeader.size - padded(payload.length)) &&
      end.readUInt32LE(EndPayload.records) === this.input.records - 1 &&
      end.readUInt32LE(EndPayload.dataPages) === contents.dataPages;
    if (!totalsFit || !(this.verified || sha256.equals(this.input.fingerprint()))) {
      throw new PayloadError('its totals do not fit what came before', 'stream.corrupt');
    }
    return sha256;
  }

  private trailing(): DomusError {
    const what = 'there is more after its end record';
    return streamError('stream.trailing-data', this.origin, this.input.bytes, what);
  }
}

function parseJson(payload: Uint8Array): unknown {
  try {
    // Copied first: the decoder takes no shared memory everywhere.
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(payload)));
  } catch {
    throw new PayloadError('a record that should hold JSON does not');
  }
}
