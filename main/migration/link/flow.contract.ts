/**
 * What travels between the two ends of a flow: one stream of chunks over a link, in one direction.
 *
 *     sender ── data…, close ──▶ link end ══ link ══▶ link end ──▶ receiver
 *            ◀── credit… ──────                      ◀────────────
 *
 * Either side may abort. A flow is over with `close` or `abort`; nothing comes after.
 */
import type { ErrorData } from '../../../shared/errors.ts';

export type FlowMessage =
  | {
      kind: 'data';
      /** From 0, one more with each message of this kind. */
      seq: number;
      /** Transferred, never copied; the first `bytes` of it count. */
      buffer: ArrayBuffer;
      bytes: number;
      /** When its last byte arrives by the link's clock ({@link nowMs}); 0: it is here. */
      dueMs: number;
    }
  /** The receiver is done with a chunk of that many bytes, and gives its buffer back. */
  | { kind: 'credit'; bytes: number; buffer: ArrayBuffer }
  /** The sender has sent all it has: `chunks` data messages. */
  | { kind: 'close'; chunks: number }
  | { kind: 'abort'; error: ErrorData };

/** Names a flow on a link; chosen by whoever attaches both of its ends. */
export type FlowId = string;

/** What the link ends of two hosts say to each other. */
export type LinkMessage =
  | { kind: 'flow'; flow: FlowId; message: FlowMessage }
  /** The cable, as both ends see it at once: it is outside of bandwidth and latency. */
  | { kind: 'carrier'; up: boolean };

/** Chunks that a sender may have on their way or unread at the receiver, in bytes. */
export const DEFAULT_WINDOW_BYTES: number = 4 << 20;

/** What a message that carries no chunk takes of the link: about a TCP segment without data. */
export const CONTROL_BYTES = 64;

/** Bytes of the link that a message takes. */
export function wireBytes(message: FlowMessage): number {
  return message.kind === 'data' ? message.bytes + CONTROL_BYTES : CONTROL_BYTES;
}

/** Objects whose ownership goes along with a message. */
export function transferList(message: FlowMessage): ArrayBuffer[] {
  return message.kind === 'data' || message.kind === 'credit' ? [message.buffer] : [];
}

/** The clock of all links, in milliseconds: monotonic, and the same in all threads of a process. */
export function nowMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
