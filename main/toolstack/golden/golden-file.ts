/**
 * A golden snapshot as a file.
 *
 *     0   8  "DOMUSGS2"
 *     8  32  SHA-256 of all that follows
 *    40   4  length of the header, u32 little-endian
 *    44   8  length of the stream, u64 little-endian
 *    52   n  header, JSON: {@link GoldenHeader}
 *  52+n      the domain's stream, then its translated code
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { writeAtomically } from '../files/atomic-file.ts';
import type { GoldenKey } from './golden-key.ts';

const MAGIC = new TextEncoder().encode('DOMUSGS2');
const PREFIX_BYTES = 52;
const HASH_AT = 8;
const HEADER_LENGTH_AT = 40;
const STREAM_LENGTH_AT = 44;
const LONGEST_HEADER = 16 << 20;
const READ_BYTES = 4 << 20;

const GoldenHeader = z.object({
  key: z.object({
    image: z.string(),
    maxMemoryMiB: z.int(),
    versions: z.object({
      engine: z.string(),
      hypervisorState: z.number(),
      stream: z.string(),
      code: z.string(),
      kernelWords: z.string(),
    }),
  }),
  printed: z.string(),
  createdAtMs: z.number(),
});
type GoldenHeader = z.infer<typeof GoldenHeader>;

export interface GoldenSnapshot {
  key: GoldenKey;
  /** What its console printed until then, raw. */
  printed: string;
  stream: SharedArrayBuffer;
  /** What was translated of its code, for `loadTranslatedCode`. */
  code: SharedArrayBuffer;
}

/** The file is not what was written. */
export class DamagedSnapshot extends Error {}

/** Publishes the snapshot at `path`, whole or not at all. Errors `storage.*`. */
export function writeGolden(path: string, snapshot: GoldenSnapshot): void {
  const { key, printed } = snapshot;
  const header: GoldenHeader = { key, printed, createdAtMs: Date.now() };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const prefix = new Uint8Array(PREFIX_BYTES);
  prefix.set(MAGIC);
  const view = new DataView(prefix.buffer);
  view.setUint32(HEADER_LENGTH_AT, json.length, true);
  view.setBigUint64(STREAM_LENGTH_AT, BigInt(snapshot.stream.byteLength), true);
  const [stream, code] = [new Uint8Array(snapshot.stream), new Uint8Array(snapshot.code)];
  const hash = createHash('sha256').update(prefix.subarray(HEADER_LENGTH_AT));
  prefix.set(hash.update(json).update(stream).update(code).digest(), HASH_AT);
  writeAtomically(path, [prefix, json, stream, code]);
}

/**
 * Reads and verifies a snapshot; null where there is none, or one for another key. Throws
 * {@link DamagedSnapshot}.
 */
export async function readGolden(path: string, key: GoldenKey): Promise<GoldenSnapshot | null> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (!file) return null;
  try {
    const prefix = new Uint8Array(PREFIX_BYTES);
    await readExactly(file, prefix, 0);
    const view = new DataView(prefix.buffer);
    const headerBytes = view.getUint32(HEADER_LENGTH_AT, true);
    const streamBytes = Number(view.getBigUint64(STREAM_LENGTH_AT, true));
    const codeBytes = (await file.stat()).size - PREFIX_BYTES - headerBytes - streamBytes;
    if (!prefix.subarray(0, HASH_AT).every((byte, index) => byte === MAGIC[index])) {
      throw new DamagedSnapshot('it does not begin as a snapshot does');
    }
    if (headerBytes > LONGEST_HEADER || codeBytes < 0) throw new DamagedSnapshot('it is cut off');
    const json = new Uint8Array(headerBytes);
    await readExactly(file, json, PREFIX_BYTES);
    const stream = new SharedArrayBuffer(streamBytes);
    const code = new SharedArrayBuffer(codeBytes);
    const hash = createHash('sha256').update(prefix.subarray(HEADER_LENGTH_AT)).update(json);
    let at = PREFIX_BYTES + headerBytes;
    for (const part of [stream, code]) {
      await readExactly(file, new Uint8Array(part), at, (bytes) => hash.update(bytes));
      at += part.byteLength;
    }
    if (
      hash.digest('hex') !== Buffer.from(prefix.subarray(HASH_AT, HEADER_LENGTH_AT)).toString('hex')
    ) {
      throw new DamagedSnapshot('its bytes do not match their checksum');
    }
    const header = GoldenHeader.parse(JSON.parse(new TextDecoder().decode(json)));
    if (!sameKey(header.key, key)) return null;
    return { key, printed: header.printed, stream, code };
  } finally {
    await file.close();
  }
}

/** Fills `target`, in parts, so that the thread does other things in between. */
async function readExactly(
  file: Awaited<ReturnType<typeof open>>,
  target: Uint8Array,
  position: number,
  seen: (part: Uint8Array) => void = () => {},
): Promise<void> {
  for (let at = 0; at < target.length;) {
    const wanted = Math.min(READ_BYTES, target.length - at);
    const { bytesRead } = await file.read(target, at, wanted, position + at);
    if (bytesRead === 0) throw new DamagedSnapshot('it is cut off');
    seen(target.subarray(at, at + bytesRead));
    at += bytesRead;
  }
}

function sameKey(a: GoldenKey, b: GoldenKey): boolean {
  return (
    a.image === b.image &&
    a.maxMemoryMiB === b.maxMemoryMiB &&
    a.versions.engine === b.versions.engine &&
    a.versions.hypervisorState === b.versions.hypervisorState &&
    a.versions.stream === b.versions.stream &&
    a.versions.code === b.versions.code &&
    a.versions.kernelWords === b.versions.kernelWords
  );
}
