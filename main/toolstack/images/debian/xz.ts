import { Readable } from 'node:stream';
import type { ReadableStream as WebReadableStream } from 'node:stream/web';
import xz from 'xz-decompress';

/** Decompresses an xz stream; damage ends it with an error. */
export function unxz(compressed: Readable): Readable {
  const web = Readable.toWeb(compressed) as WebReadableStream<Uint8Array>;
  return Readable.fromWeb(
    new xz.XzReadableStream(web as never) as unknown as WebReadableStream<Uint8Array>,
  );
}
