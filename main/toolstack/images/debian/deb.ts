import { open } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { extract } from 'tar-stream';
import { DomusError } from '../../../../shared/errors.ts';
import { listArMembers, type ArMember } from './ar.ts';
import { unxz } from './xz.ts';

/** Bounds of what is taken from one package: a kernel's wanted files are about 20 MB. */
export interface UnpackLimits {
  readonly maxFileBytes: number;
  readonly maxTotalBytes: number;
}

const DEFAULT_LIMITS: UnpackLimits = { maxFileBytes: 64 << 20, maxTotalBytes: 256 << 20 };

/**
 * Reads the regular files of a Debian package (deb(5)) whose path passes `wanted`, into memory.
 * Paths are relative to the root, without a leading `./`. Nothing is written to disk and links are
 * not followed, so a hostile archive can reach no file of the host; what it can cost is bounded.
 *
 * @throws DomusError `image.bad-package`: not a package, damaged, or beyond the limits.
 */
export async function readDeb(
  path: string,
  wanted: (path: string) => boolean,
  options: { signal?: AbortSignal | undefined; limits?: UnpackLimits } = {},
): Promise<Map<string, Buffer>> {
  const member = await dataMember(path);
  const start = member.offset;
  const compressed = createReadStream(path, { start, end: start + member.sizeBytes - 1 });
  const files = new Map<string, Buffer>();
  try {
    await pipeline(
      decompress(compressed, member.name),
      collector(files, wanted, options.limits ?? DEFAULT_LIMITS),
      { signal: options.signal },
    );
  } catch (error) {
    options.signal?.throwIfAborted();
    throw badPackage(path, error instanceof Error ? error.message : String(error), error);
  } finally {
    compressed.destroy();
  }
  return files;
}

async function dataMember(path: string): Promise<ArMember> {
  const file = await open(path);
  try {
    const members = await listArMembers(file);
    if (members?.[0]?.name !== 'debian-binary') throw badPackage(path, 'it is no Debian package');
    const data = members.find(({ name }) => name.startsWith('data.tar'));
    if (data === undefined || data.sizeBytes === 0) throw badPackage(path, 'it holds no data');
    return data;
  } finally {
    await file.close();
  }
}

function decompress(compressed: Readable, memberName: string): Readable {
  const through = (stage: Duplex): Readable => {
    compressed.on('error', (error) => stage.destroy(error));
    return compressed.pipe(stage);
  };
  switch (memberName) {
    case 'data.tar.xz':
      return unxz(compressed);
    case 'data.tar.gz':
      return through(createGunzip());
    case 'data.tar.zst':
      return through(createZstdDecompress());
    case 'data.tar':
      return compressed;
    default:
      throw new Error(`the compression of ${memberName} is unknown`);
  }
}

function collector(
  files: Map<string, Buffer>,
  wanted: (path: string) => boolean,
  limits: UnpackLimits,
): NodeJS.WritableStream {
  const tar = extract();
  let total = 0;
  tar.on('entry', (header, stream, next) => {
    const path = normalise(header.name);
    const take = header.type === 'file' && path !== undefined && wanted(path);
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk) => {
      if (!take || !Buffer.isBuffer(chunk)) return;
      size += chunk.length;
      total += chunk.length;
      if (size > limits.maxFileBytes || total > limits.maxTotalBytes) {
        tar.destroy(new Error(`${header.name} is beyond the size that is taken from a package`));
      } else chunks.push(chunk);
    });
    stream.on('end', () => {
      if (take) files.set(path, Buffer.concat(chunks));
      next();
    });
    stream.on('error', next);
  });
  return tar;
}

/** The path below the root, or undefined for one that would leave it. */
function normalise(name: string): string | undefined {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') || parts.length === 0 ? undefined : parts.join('/');
}

function badPackage(path: string, why: string, cause?: unknown): DomusError {
  return new DomusError(
    'image.bad-package',
    `The package ${basename(path)} cannot be unpacked: ${why}. Build the image again; if it stays so, use another Debian mirror.`,
    { data: { file: basename(path) }, cause },
  );
}
