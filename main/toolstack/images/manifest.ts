import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const fileEntry = z.object({ sizeBytes: z.int().positive(), sha256 });

const sourcePackage = z.object({
  name: z.string(),
  version: z.string(),
  architecture: z.string(),
  suite: z.string(),
  sha256,
});

/** A file's name inside an image's folder: never a path. */
const fileName = z.string().regex(/^[a-z][a-z0-9.-]*$/);

/**
 * What `manifest.json` beside an image's files holds. There is no date in it: an image built again
 * from the same packages has the same manifest.
 */
export const imageManifest = z.object({
  format: z.literal(1),
  id: z.string().regex(/^[a-z0-9][a-z0-9.+~-]{0,99}$/),
  /** How the person sees it. */
  title: z.string().max(200),
  origin: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('debian'),
      recipe: z.int(),
      /** Hash of the recipe and our files in the guest: another one means that the image is out of date. */
      recipeSha256: sha256,
      packages: z.array(sourcePackage),
    }),
    z.object({
      kind: z.literal('debian-disk'),
      recipe: z.int(),
      recipeSha256: sha256,
      /** Of kernel and initramfs. */
      packages: z.array(sourcePackage),
      /** All that dpkg has on the disk. */
      installed: z.array(
        z.object({ name: z.string(), version: z.string(), architecture: z.string() }),
      ),
    }),
    z.object({ kind: z.literal('import') }),
  ]),
  kernel: z.object({
    /** `uname -r`; empty when an imported kernel does not tell. */
    release: z.string(),
    /** Debian's version of the package, or what an imported kernel says of itself. */
    version: z.string(),
  }),
  /** Kernel command line that the image wants, before the toolstack's own words. */
  commandLine: z.string().max(2000),
  /** Whether the guest runs Domus's agent, so that commands, clones and clock setting work. */
  agent: z.boolean(),
  /** A disk that domains get an overlay over; it is one of the files. */
  disk: z
    .object({ file: fileName, format: z.enum(['raw', 'qcow2']), bytes: z.int().positive() })
    .optional(),
  files: z.record(fileName, fileEntry),
});

/** `built.json` beside the manifest: how this copy came to be. Not part of what is verified. */
export const buildRecord = z.object({
  at: z.iso.datetime(),
  source: z.enum(['apt', 'http', 'import']),
  /** What a person should know, such as a suite that could not be read. */
  warnings: z.array(z.string()),
});

export type BuildRecord = z.infer<typeof buildRecord>;
export type ImageManifest = z.infer<typeof imageManifest>;
export type FileEntry = z.infer<typeof fileEntry>;

/** Size and hash of a file, read once from the start to the end. */
export async function describeFile(path: string, signal?: AbortSignal): Promise<FileEntry> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const stream = createReadStream(path, { highWaterMark: 1 << 20 });
  stream.on('data', (chunk) => (sizeBytes += chunk.length));
  await pipeline(stream, hash, signal ? { signal } : {});
  return { sizeBytes, sha256: hash.digest('hex') };
}

export function describeBytes(bytes: Uint8Array): FileEntry {
  return { sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}
