export interface CpioFile {
  readonly path: string;
  readonly mode: number;
  readonly data: Buffer;
  readonly mtime: number;
  readonly device: readonly [major: number, minor: number];
}

/** Reads a newc archive; written from the format's description, not from our writer. */
export function readCpio(archive: Buffer): CpioFile[] {
  const files: CpioFile[] = [];
  const align = (offset: number): number => (offset + 3) & ~3;
  for (let at = 0; ;) {
    const header = archive.toString('latin1', at, at + 110);
    if (!header.startsWith('070701')) throw new Error(`no cpio header at ${at}`);
    const field = (index: number): number =>
      Number.parseInt(header.slice(6 + index * 8, 14 + index * 8), 16);
    const nameStart = at + 110;
    const path = archive.toString('utf8', nameStart, nameStart + field(11) - 1);
    const dataStart = align(nameStart + field(11));
    if (path === 'TRAILER!!!') return files;
    const data = archive.subarray(dataStart, dataStart + field(6));
    files.push({ path, mode: field(1), data, mtime: field(5), device: [field(9), field(10)] });
    at = align(dataStart + field(6));
  }
}
