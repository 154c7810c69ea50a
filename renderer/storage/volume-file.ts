/** A file that becomes a volume: what it is called there, and what it is. */
import type { DiskFormat } from '../../shared/contract/schemas.ts';

/** The first bytes of a qcow2 file: `QFI` and 0xfb. */
const QCOW2_MAGIC = [0x51, 0x46, 0x49, 0xfb];
const MOST_CHARACTERS = 120;

export async function formatOf(file: Blob): Promise<DiskFormat> {
  const head = new Uint8Array(await file.slice(0, QCOW2_MAGIC.length).arrayBuffer());
  return QCOW2_MAGIC.every((byte, place) => head[place] === byte) ? 'qcow2' : 'raw';
}

/** The file's name with only what a volume's may have, and not one of those that are taken. */
export function volumeNameOf(fileName: string, taken: ReadonlySet<string>): string {
  const plain = fileName
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, MOST_CHARACTERS - 4);
  const name = plain === '' ? 'volume' : plain;
  if (!taken.has(name)) return name;
  const [, stem = name, ending = ''] = /^(.+?)(\.[^.]*)?$/.exec(name) ?? [];
  for (let number = 2; ; number++) {
    if (!taken.has(`${stem}-${number}${ending}`)) return `${stem}-${number}${ending}`;
  }
}
