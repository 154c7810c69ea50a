/** Xenstore's paths and values as text, in the manner of Debian's xenstore-utils. */
import { DomusError } from '../../../shared/errors.ts';

const LONGEST_PATH = 3072;
const PATH = /^\/([A-Za-z0-9\-/_@]*[A-Za-z0-9\-_@])?$/;

/** Printable ASCII as it is, all else as `\xNN`; the backslash itself is doubled. */
export function valueToText(value: Uint8Array): string {
  let text = '';
  for (const byte of value) {
    if (byte === 0x5c) text += '\\\\';
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return text;
}

/** The other way; a backslash that begins none of our escapes stands for itself. */
export function textToValue(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const [part] of text.matchAll(/\\x[0-9a-fA-F]{2}|\\\\|[^\\]+|\\/g)) {
    if (part === '\\\\') bytes.push(0x5c);
    else if (/^\\x/.test(part)) bytes.push(Number.parseInt(part.slice(2), 16));
    else bytes.push(...new TextEncoder().encode(part));
  }
  return Uint8Array.from(bytes);
}

/** The path without a slash at its end. Error `xenstore.invalid-path`. */
export function checkPath(path: string): string {
  const plain = path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
  if (plain.length <= LONGEST_PATH && PATH.test(plain) && !plain.includes('//')) return plain;
  throw new DomusError(
    'xenstore.invalid-path',
    `${JSON.stringify(path.slice(0, 100))} is no xenstore path: it begins with /, has names of letters, digits and - _ @ between single slashes, and at most ${LONGEST_PATH} characters.`,
    { data: { path: path.slice(0, 200) } },
  );
}
