/** Lists of buffers, as scattered reads and gathered writes take them. */

export function totalBytes(buffers: readonly Uint8Array[]): number {
  let total = 0;
  for (const buffer of buffers) total += buffer.length;
  return total;
}

/** `length` bytes of the list from byte `from` on, not copied. */
export function sliceBuffers(
  buffers: readonly Uint8Array[],
  from: number,
  length: number,
): Uint8Array[] {
  const slice: Uint8Array[] = [];
  let skip = from;
  let left = length;
  for (const buffer of buffers) {
    if (left === 0) break;
    if (skip >= buffer.length) {
      skip -= buffer.length;
      continue;
    }
    const piece = buffer.subarray(skip, Math.min(buffer.length, skip + left));
    slice.push(piece);
    left -= piece.length;
    skip = 0;
  }
  return slice;
}

export function fillZeros(buffers: readonly Uint8Array[]): void {
  for (const buffer of buffers) buffer.fill(0);
}

const ZEROS = Buffer.alloc(64 * 1024);

/** Fast on data: the first bytes nearly always tell. */
export function isZeros(buffers: readonly Uint8Array[]): boolean {
  for (const buffer of buffers) {
    if (buffer.length > 0 && (buffer[0] !== 0 || buffer[buffer.length - 1] !== 0)) return false;
  }
  return buffers.every((buffer) => {
    for (let at = 0; at < buffer.length; at += ZEROS.length) {
      const end = Math.min(at + ZEROS.length, buffer.length);
      if (ZEROS.compare(buffer, at, end, 0, end - at) !== 0) return false;
    }
    return true;
  });
}

/** Copies the list, one buffer after another, to the start of `target`. */
export function gather(buffers: readonly Uint8Array[], target: Uint8Array): void {
  let at = 0;
  for (const buffer of buffers) {
    target.set(buffer, at);
    at += buffer.length;
  }
}

/** Spreads the start of `source` over the list, until the list is full. */
export function scatter(source: Uint8Array, buffers: readonly Uint8Array[]): void {
  let at = 0;
  for (const buffer of buffers) {
    buffer.set(source.subarray(at, at + buffer.length));
    at += buffer.length;
  }
}
