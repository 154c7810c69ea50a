/** The beginning of an NBD connection: fixed newstyle, and one export by its name. */
import type { Socket } from 'node:net';
import type { ByteReader } from './byte-reader.ts';
import {
  GREETING_BYTES,
  HandshakeFlag,
  Info,
  MAX_EXPORT_NAME_BYTES,
  MAX_PAYLOAD_BYTES,
  NBD_MAGIC,
  Option,
  OPTION_MAGIC,
  OPTION_REPLY_BYTES,
  OPTION_REPLY_MAGIC,
  OptionReply,
  TransmissionFlag,
} from './nbd.abi.ts';

export interface NbdExport {
  bytes: number;
  readOnly: boolean;
  canFlush: boolean;
  canTrim: boolean;
}

/** An answer to an option is a few numbers, or a sentence. */
const MAX_REPLY_BYTES = 64 * 1024;
const MAX_REPLIES = 64;

/** @throws Error with what the server said or did that cannot be gone on with */
export async function openExport(
  socket: Socket,
  reader: ByteReader,
  exportName: string,
): Promise<NbdExport> {
  const greeting = await reader.take(GREETING_BYTES);
  if (greeting.getBigUint64(0) !== NBD_MAGIC || greeting.getBigUint64(8) !== OPTION_MAGIC) {
    throw new Error('what answers there is no NBD server of the new style');
  }
  const offered = greeting.getUint16(16);
  if ((offered & HandshakeFlag.fixedNewstyle) === 0) {
    throw new Error('the server does not know the fixed new style of the protocol');
  }
  socket.write(goRequest(exportName, offered & HandshakeFlag.noZeroes));
  return readReplies(reader);
}

/** Between an export and what a server has in its place now; null when that will do as well. */
export function differenceOf(before: NbdExport, now: NbdExport, readOnly: boolean): string | null {
  if (now.bytes !== before.bytes) return `${now.bytes} bytes instead of ${before.bytes}`;
  if (readOnly) return null;
  if (now.readOnly) return 'it can only be read';
  if (now.canFlush !== before.canFlush) return `it ${now.canFlush ? 'wants' : 'knows no'} flushes`;
  return before.canTrim && !now.canTrim ? 'it knows no discards' : null;
}

function goRequest(exportName: string, noZeroes: number): Uint8Array {
  const name = new TextEncoder().encode(exportName);
  if (name.length > MAX_EXPORT_NAME_BYTES) throw new Error('the name of the export is too long');
  const view = new DataView(new ArrayBuffer(4 + 16 + 4 + name.length + 4));
  view.setUint32(0, HandshakeFlag.fixedNewstyle | noZeroes);
  view.setBigUint64(4, OPTION_MAGIC);
  view.setUint32(12, Option.go);
  view.setUint32(16, 4 + name.length + 4);
  view.setUint32(20, name.length);
  const bytes = new Uint8Array(view.buffer);
  bytes.set(name, 24);
  view.setUint16(24 + name.length, 1);
  view.setUint16(26 + name.length, Info.blockSize);
  return bytes;
}

async function readReplies(reader: ByteReader): Promise<NbdExport> {
  let size: { bytes: number; flags: number } | null = null;
  let minimumBlockBytes = 1;
  for (let count = 0; count < MAX_REPLIES; count++) {
    const header = await reader.take(OPTION_REPLY_BYTES);
    const length = header.getUint32(16);
    if (header.getBigUint64(0) !== OPTION_REPLY_MAGIC || length > MAX_REPLY_BYTES) {
      throw new Error('the server answered what is no answer to an option');
    }
    const payload = await reader.take(length);
    const type = header.getUint32(12);
    if (type >= OptionReply.firstError) throw new Error(refusal(type, payload));
    if (type === OptionReply.ack) {
      if (!size) throw new Error('the server did not say how large its export is');
      return exportOf(size.bytes, size.flags, minimumBlockBytes);
    }
    if (type !== OptionReply.info || length < 2) continue;
    const info = payload.getUint16(0);
    if (info === Info.export && length >= 12) {
      size = { bytes: Number(payload.getBigUint64(2)), flags: payload.getUint16(10) };
    } else if (info === Info.blockSize && length >= 14) {
      minimumBlockBytes = payload.getUint32(2);
    }
  }
  throw new Error('the server answers without end');
}

function exportOf(bytes: number, flags: number, minimumBlockBytes: number): NbdExport {
  if (!Number.isSafeInteger(bytes)) throw new Error('the size of the export is absurd');
  if (minimumBlockBytes > 512 && minimumBlockBytes <= MAX_PAYLOAD_BYTES) {
    throw new Error(
      `the server takes blocks of ${minimumBlockBytes} bytes only, not sectors of 512`,
    );
  }
  const has = (flag: number): boolean =>
    (flags & TransmissionFlag.hasFlags) !== 0 && (flags & flag) !== 0;
  return {
    bytes: bytes - (bytes % 512),
    readOnly: has(TransmissionFlag.readOnly),
    canFlush: has(TransmissionFlag.flush),
    canTrim: has(TransmissionFlag.trim),
  };
}

function refusal(type: number, payload: DataView<ArrayBuffer>): string {
  const said = new TextDecoder()
    .decode(payload.buffer)
    .slice(0, 200)
    .replace(/\p{Cc}/gu, ' ');
  return `the server refused the export (error ${type - OptionReply.firstError}${said && `: ${said}`})`;
}
