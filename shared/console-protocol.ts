/**
 * The console channel: bytes of one domain's console to one viewer, beside the API.
 *
 * Transports: a WebSocket at `/console?domain=REF` (binary frames; token as for the API), or a
 * message port. Every frame is one type byte and a payload.
 *
 * From the console to the viewer:
 *  - `output`  terminal bytes, cut between sequences and characters. Questions to the terminal
 *              (cursor position, device attributes) are left out: the console has answered them.
 *              The sender stops when `CREDIT_BYTES` are unacknowledged.
 *  - `reset`   UTF-8: a drawing of the terminal (text and sequences that draw scroll-back and screen);
 *              the viewer clears its terminal first. Sent once after `open`, and after a gap.
 *  - `state`   UTF-8 JSON `{ "state": DomainState, "columns": n, "rows": n }`: at open and at every change.
 *  - `error`   UTF-8 JSON `{ code, message, data }`; the channel closes after it.
 *
 * From the viewer to the console:
 *  - `open`    UTF-8 JSON `{ "columns": n, "rows": n }`: first frame.
 *  - `input`   raw bytes typed or pasted. At most 64 KiB a frame.
 *  - `resize`  UTF-8 JSON `{ "columns": n, "rows": n }`.
 *  - `credit`  u32 little-endian: payload bytes of `output` and `reset` that the viewer has consumed.
 */
export const FrameType = {
  output: 0,
  reset: 1,
  state: 2,
  error: 3,
  open: 16,
  input: 17,
  resize: 18,
  credit: 19,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

/** Unacknowledged bytes that a console sends to one viewer at most. */
export const CREDIT_BYTES = 256 * 1024;
export const MAX_INPUT_BYTES = 64 * 1024;

const utf8 = new TextEncoder();
const text = new TextDecoder();

export function frame(type: FrameType, payload: Uint8Array): Uint8Array {
  const out = new Uint8Array(payload.length + 1);
  out[0] = type;
  out.set(payload, 1);
  return out;
}

export function jsonFrame(type: FrameType, value: unknown): Uint8Array {
  return frame(type, utf8.encode(JSON.stringify(value)));
}

export function creditFrame(bytes: number): Uint8Array {
  const payload = new Uint8Array(4);
  new DataView(payload.buffer).setUint32(0, bytes, true);
  return frame(FrameType.credit, payload);
}

/** Splits a frame; null for an empty one. The payload is a view, not a copy. */
export function parseFrame(bytes: Uint8Array): { type: number; payload: Uint8Array } | null {
  const type = bytes[0];
  return type === undefined ? null : { type, payload: bytes.subarray(1) };
}

export function frameText(payload: Uint8Array): string {
  return text.decode(payload);
}
