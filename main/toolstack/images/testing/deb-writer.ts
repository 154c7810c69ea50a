import { gzipSync, zstdCompressSync } from 'node:zlib';
import { pack } from 'tar-stream';

export interface TarFile {
  readonly path: string;
  readonly data?: Buffer | string;
  readonly type?: 'file' | 'symlink' | 'directory';
  readonly linkname?: string;
}

/** A tar archive of just these entries, whatever their names are. */
export async function writeTar(files: readonly TarFile[]): Promise<Buffer> {
  const tar = pack();
  for (const { path, data = '', type = 'file', linkname } of files) {
    tar.entry({ name: path, type, mtime: new Date(0), ...(linkname ? { linkname } : {}) }, data);
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function writeAr(members: readonly (readonly [name: string, data: Buffer])[]): Buffer {
  const parts: Buffer[] = [Buffer.from('!<arch>\n')];
  for (const [name, data] of members) {
    const field = (text: string, width: number): string => text.padEnd(width);
    const header = `${field(name, 16)}${field('0', 12)}${field('0', 6)}${field('0', 6)}${field('100644', 8)}${field(String(data.length), 10)}\`\n`;
    parts.push(Buffer.from(header), data, Buffer.alloc(data.length % 2, '\n'));
  }
  return Buffer.concat(parts);
}

const compressors = {
  gz: (data: Buffer): Buffer => gzipSync(data),
  zst: (data: Buffer): Buffer => zstdCompressSync(data),
};

export interface DebContents {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly depends?: string;
  readonly files: readonly TarFile[];
}

/** A Debian package in the form that dpkg-deb writes. */
export async function writeDeb(
  contents: DebContents,
  compression: keyof typeof compressors = 'gz',
): Promise<Buffer> {
  const control = await writeTar([{ path: './control', data: controlOf(contents) }]);
  return writeAr([
    ['debian-binary', Buffer.from('2.0\n')],
    ['control.tar.gz', gzipSync(control)],
    [`data.tar.${compression}`, compressors[compression](await writeTar(contents.files))],
  ]);
}

export function controlOf({ name, version, architecture, depends }: DebContents): string {
  const fields = [`Package: ${name}`, `Version: ${version}`, `Architecture: ${architecture}`];
  if (depends !== undefined) fields.push(`Depends: ${depends}`);
  return `${[...fields, 'Maintainer: nobody <nobody@example.org>', 'Description: for a test'].join('\n')}\n`;
}
