/** What comes on standard input, whose beginning may be looked at. */
import { DomusError } from '../../../shared/errors.ts';

export interface StandardInput {
  /** Its first bytes, `peekBytes` of them or all that there are. */
  start: Buffer;
  /** All of it. */
  chunks: AsyncIterable<Buffer>;
}

/** Waits for the beginning. Errors `file.unusable`, also while it is read. */
export async function openInput(
  stream: AsyncIterable<Buffer>,
  peekBytes: number,
): Promise<StandardInput> {
  const iterator = read(stream);
  const first: Buffer[] = [];
  let length = 0;
  while (length < peekBytes) {
    const next = await iterator.next();
    if (next.done === true) break;
    first.push(next.value);
    length += next.value.length;
  }
  return {
    start: Buffer.concat(first).subarray(0, peekBytes),
    chunks: joined(first, iterator),
  };
}

async function* joined(
  first: readonly Buffer[],
  rest: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, void> {
  yield* first;
  yield* rest;
}

async function* read(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  try {
    yield* stream;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DomusError('file.unusable', `Standard input cannot be read: ${why}.`, {
      cause: error,
    });
  }
}
