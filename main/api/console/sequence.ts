/**
 * Where an escape sequence ends, and whether it asks the terminal for an answer (ECMA-48, xterm's
 * control sequences). Works on bytes: UTF-8 text passes through untouched.
 */

export const ESC = 0x1b;
export const ENQ = 0x05;
/** First byte of the UTF-8 form of the C1 controls, which stand for `ESC` and a letter. */
export const C1_LEAD = 0xc2;

const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;

export interface Sequence {
  /** Index after its last byte. */
  end: number;
  /** A terminal would answer it. */
  isQuery: boolean;
}

/**
 * The sequence that begins at `start` (at an ESC, or at a C1 control). Null: the bytes end before
 * it does.
 */
export function readSequence(bytes: Uint8Array, start: number): Sequence | null {
  const next = bytes[start + 1];
  if (next === undefined) return null;
  const isC1 = bytes[start] === C1_LEAD;
  if (isC1 && (next < 0x80 || next > 0x9f)) return { end: start + 2, isQuery: false };
  const letter = isC1 ? next - 0x40 : next;
  switch (letter) {
    case 0x5b: // [ CSI
      return readControl(bytes, start + 2);
    case 0x50: // P DCS
    case 0x5d: // ] OSC
    case 0x58: // X SOS
    case 0x5e: // ^ PM
    case 0x5f: // _ APC
      return readString(bytes, start + 2, letter);
    case 0x5a: // Z DECID
      return { end: start + 2, isQuery: true };
    default:
      return isC1 ? { end: start + 2, isQuery: false } : readEscape(bytes, start + 1);
  }
}

/** `ESC`, intermediates, one final byte. */
function readEscape(bytes: Uint8Array, from: number): Sequence | null {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === ESC || byte >= 0x80) return { end: at, isQuery: false };
    if (byte < 0x20 || byte > 0x2f) return { end: at + 1, isQuery: false };
  }
  return null;
}

/** Parameters 30–3F, intermediates 20–2F, final 40–7E; control characters inside take effect. */
function readControl(bytes: Uint8Array, from: number): Sequence | null {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === ESC || byte >= 0x80) return { end: at, isQuery: false };
    if (byte === CAN || byte === SUB) return { end: at + 1, isQuery: false };
    if (byte >= 0x40 && byte !== 0x7f) {
      return { end: at + 1, isQuery: isControlQuery(latin1(bytes, from, at + 1)) };
    }
  }
  return null;
}

function readString(bytes: Uint8Array, from: number, kind: number): Sequence | null {
  const ended = (at: number, end: number): Sequence => ({
    end,
    isQuery: isStringQuery(kind, bytes, from, at),
  });
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === BEL && kind === 0x5d) return ended(at, at + 1);
    if (byte === CAN || byte === SUB) return { end: at + 1, isQuery: false };
    if (byte === C1_LEAD && bytes[at + 1] === 0x9c) return ended(at, at + 2);
    if (byte === ESC) {
      if (at + 1 >= bytes.length) return null;
      // Any other sequence ends the string as well.
      return bytes[at + 1] === 0x5c ? ended(at, at + 2) : { end: at, isQuery: false };
    }
  }
  return null;
}

const CONTROL_QUERIES = [
  /^[>=]?[0-9;]*c$/, // device attributes
  /^\??[0-9;]*n$/, // status, cursor position
  /^\??[0-9;]*\$p$/, // is a mode set?
  /^[0-9;]*x$/, // terminal parameters
  /^(11|13|14|15|16|18|19|20|21)(;[0-9;]*)?t$/, // window reports
  /^>[0-9;]*q$/, // terminal's version
  /^\?u$/, // keyboard protocol
  /^\?[0-9;]*[mS]$/, // key modifiers, graphics
  /^[0-9;]*\$[uw]$/, // terminal state, presentation
  /^[0-9;]*\*y$/, // checksum of a screen area
];

/** Without control characters, which do not belong to the sequence. */
function isControlQuery(text: string): boolean {
  const body = text.replace(/[\x00-\x1f\x7f]/g, '');
  return CONTROL_QUERIES.some((query) => query.test(body));
}

function isStringQuery(kind: number, bytes: Uint8Array, from: number, to: number): boolean {
  if (kind === 0x50) return /^[$+]q/.test(latin1(bytes, from, Math.min(to, from + 2)));
  if (kind !== 0x5d) return false;
  // OSC: colours, clipboard and the like are asked for with a lone question mark.
  return latin1(bytes, from, to).split(';').slice(1).includes('?');
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
}
