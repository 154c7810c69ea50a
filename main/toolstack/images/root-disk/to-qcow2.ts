import { closeSync, openSync, statSync, readSync } from 'node:fs';
import { setImmediate as breath } from 'node:timers/promises';
import { createQcow2, openDisk, type DiskImage } from '../../../dom0/index.ts';

/** So little that what else the thread does is not late. */
const STEP_BYTES = 1 << 20;
const CLUSTER_BYTES = 1 << 16;
const zeros = Buffer.alloc(CLUSTER_BYTES);

/** Copies a raw disk into a new qcow2 file, on stable storage; clusters of zeros take no room. */
export async function rawToQcow2(
  rawPath: string,
  qcow2Path: string,
  options: {
    signal?: AbortSignal | undefined;
    onFraction?: ((fraction: number) => void) | undefined;
  } = {},
): Promise<void> {
  const { size } = statSync(rawPath);
  const raw = openSync(rawPath, 'r');
  const target = openSync(qcow2Path, 'wx+');
  try {
    createQcow2(target, qcow2Path, { bytes: Math.ceil(size / 512) * 512 });
    const chain = [{ fd: target, format: 'qcow2' as const, label: qcow2Path }];
    const image = await openDisk({ kind: 'files', chain }, false);
    const buffer = Buffer.alloc(STEP_BYTES);
    for (let at = 0; at < size; at += STEP_BYTES) {
      options.signal?.throwIfAborted();
      const length = readSync(raw, buffer, 0, STEP_BYTES, at);
      buffer.fill(0, length);
      await writeStep(image, at, buffer.subarray(0, Math.ceil(length / 512) * 512));
      options.onFraction?.((at + length) / size);
      await breath();
    }
    await done((settle) => image.close(settle));
  } finally {
    closeSync(target);
    closeSync(raw);
  }
}

async function writeStep(image: DiskImage, at: number, bytes: Buffer): Promise<void> {
  for (let from = 0; from < bytes.length; from += CLUSTER_BYTES) {
    const piece = bytes.subarray(from, from + CLUSTER_BYTES);
    if (piece.equals(zeros.subarray(0, piece.length))) continue;
    await done((settle) => image.write(at + from, [piece], settle));
  }
}

function done(ask: (settle: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    ask((error) => (error ? reject(error) : resolve()));
  });
}
