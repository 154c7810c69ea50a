/** What an initramfs holds, in the order it is written. Paths have no leading slash. */
export type CpioEntry =
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly mode: number;
      readonly data: Uint8Array;
    }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | {
      readonly kind: 'character-device';
      readonly path: string;
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    };

const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const S_IFCHR = 0o020000;

interface Header {
  readonly mode: number;
  readonly links: number;
  readonly data: Uint8Array;
  readonly major: number;
  readonly minor: number;
}

/**
 * Writes a "newc" cpio archive (Linux: Documentation/driver-api/early-userspace/buffer-format.rst).
 * Owner is root, time is the epoch and inode numbers count up from 1: the bytes depend on the entries
 * alone.
 */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const parts: Uint8Array[] = [];
  entries.forEach((entry, index) => appendEntry(parts, index + 1, entry.path, headerOf(entry)));
  const end = { mode: 0, links: 1, data: new Uint8Array(), major: 0, minor: 0 };
  appendEntry(parts, 0, 'TRAILER!!!', end);
  return Buffer.concat(parts);
}

function headerOf(entry: CpioEntry): Header {
  const plain = { links: 1, data: new Uint8Array(), major: 0, minor: 0 };
  switch (entry.kind) {
    case 'directory':
      return { ...plain, mode: S_IFDIR | entry.mode, links: 2 };
    case 'file':
      return { ...plain, mode: S_IFREG | entry.mode, data: entry.data };
    case 'link':
      return { ...plain, mode: S_IFLNK | 0o777, data: Buffer.from(entry.target) };
    case 'character-device':
      return { ...plain, mode: S_IFCHR | entry.mode, major: entry.major, minor: entry.minor };
  }
}

function appendEntry(parts: Uint8Array[], inode: number, path: string, header: Header): void {
  const name = Buffer.from(`${path}\0`);
  const { mode, links, data, major, minor } = header;
  const fields = [inode, mode, 0, 0, links, 0, data.length, 0, 0, major, minor, name.length, 0];
  const hex = fields.map((field) => field.toString(16).toUpperCase().padStart(8, '0')).join('');
  const head = Buffer.concat([Buffer.from(`070701${hex}`), name]);
  parts.push(head, padding(head.length), data, padding(data.length));
}

/** Name and data both end on a multiple of four bytes. */
function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}
