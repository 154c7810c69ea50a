import { PAYLOAD_MAX_BYTES, XsHeader, XsType } from './wire.ts';

/** One message of the stream. */
export interface XenstoreMessage {
  /** A value of `XsType`, or an unknown one. */
  readonly type: number;
  readonly reqId: number;
  readonly txId: number;
  readonly payload: Buffer;
}

/** Writes a message with its header. Text is latin1: each character is one byte. */
export function encodeMessage(
  type: number,
  reqId: number,
  txId: number,
  payload: Uint8Array | string,
): Buffer {
  const bytes = Buffer.allocUnsafe(XsHeader.size + payload.length);
  bytes.writeUInt32LE(type, XsHeader.type);
  bytes.writeUInt32LE(reqId, XsHeader.reqId);
  bytes.writeUInt32LE(txId, XsHeader.txId);
  bytes.writeUInt32LE(payload.length, XsHeader.len);
  if (typeof payload === 'string') bytes.write(payload, XsHeader.size, 'latin1');
  else bytes.set(payload, XsHeader.size);
  return bytes;
}

/** Writes a watch event. */
export function encodeEvent(path: string, token: string): Buffer {
  return encodeMessage(XsType.watchEvent, 0, 0, `${path}\0${token}\0`);
}

/** Splits a payload into its NUL-terminated strings (latin1); bytes after the last NUL are left out. */
export function splitStrings(payload: Buffer): string[] {
  const strings: string[] = [];
  let start = 0;
  for (let end = payload.indexOf(0); end >= 0; end = payload.indexOf(0, start)) {
    strings.push(payload.toString('latin1', start, end));
    start = end + 1;
  }
  return strings;
}

/** The payload's only string, whose NUL must be the payload's last byte and only NUL. */
export function onlyString(payload: Buffer): string | undefined {
  const end = payload.indexOf(0);
  return end >= 0 && end === payload.length - 1 ? payload.toString('latin1', 0, end) : undefined;
}

const INITIAL_BYTES = 1024;

/**
 * Cuts a byte stream into messages, however it is chunked. A header that announces more than the
 * protocol's 4096 bytes makes the stream unusable: there is no way to find the next message.
 */
export class MessageReader {
  #buffer = Buffer.alloc(INITIAL_BYTES);
  #start = 0;
  #end = 0;
  #broken = false;

  /** Bytes taken and not yet returned as messages. */
  get pendingBytes(): number {
    return this.#end - this.#start;
  }

  /** True once the stream announced an over-long payload; no message follows. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Takes bytes of the stream; they are copied. */
  feed(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#buffer.length) this.#makeRoom(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** The next whole message, if there is one. Its payload is valid until the next `feed`. */
  next(): XenstoreMessage | undefined {
    if (this.#broken || this.pendingBytes < XsHeader.size) return undefined;
    const at = this.#start;
    const length = this.#buffer.readUInt32LE(at + XsHeader.len);
    if (length > PAYLOAD_MAX_BYTES) {
      this.#broken = true;
      return undefined;
    }
    const end = at + XsHeader.size + length;
    if (end > this.#end) return undefined;
    const message = {
      type: this.#buffer.readUInt32LE(at + XsHeader.type),
      reqId: this.#buffer.readUInt32LE(at + XsHeader.reqId),
      txId: this.#buffer.readUInt32LE(at + XsHeader.txId),
      payload: this.#buffer.subarray(at + XsHeader.size, end),
    };
    this.#start = end;
    if (this.#start === this.#end) this.#start = this.#end = 0;
    return message;
  }

  /** A copy of the bytes taken and not yet returned. */
  pending(): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(this.#start, this.#end));
  }

  /** Forgets everything: the stream begins anew. */
  clear(): void {
    this.#start = this.#end = 0;
    this.#broken = false;
  }

  #makeRoom(bytes: number): void {
    const needed = this.pendingBytes + bytes;
    const target =
      needed <= this.#buffer.length
        ? this.#buffer
        : Buffer.alloc(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.copy(target, 0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    this.#buffer = target;
  }
}
