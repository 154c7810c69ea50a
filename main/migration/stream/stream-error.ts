import { DomusError } from '../../../shared/errors.ts';

/** Every way in which a reader refuses a stream. */
export type StreamErrorCode =
  | 'stream.not-a-stream'
  | 'stream.unsupported'
  | 'stream.corrupt'
  | 'stream.out-of-order'
  | 'stream.malformed'
  | 'stream.too-large'
  | 'stream.incomplete'
  | 'stream.truncated'
  | 'stream.trailing-data';

const WHAT_TO_DO: Record<StreamErrorCode, string> = {
  'stream.not-a-stream': 'check that this is a saved state, and that it was not altered as text',
  'stream.unsupported': 'use a version of Domus at least as new as the one that wrote it',
  'stream.corrupt': 'it was damaged on its way or on disk: save or send the domain again',
  'stream.out-of-order': 'it was damaged on its way or on disk: save or send the domain again',
  'stream.malformed': 'no version of Domus writes this: do not trust where it came from',
  'stream.too-large': 'no version of Domus writes this: do not trust where it came from',
  'stream.incomplete': 'save or send the domain again',
  'stream.truncated': 'it was cut off on its way or on disk: save or send the domain again',
  'stream.trailing-data': 'something was appended to it: save or send the domain again',
};

/** `origin` names the stream in the sentence ("the saved state of web1"); `at` is a byte offset. */
export function streamError(
  code: StreamErrorCode,
  origin: string,
  at: number,
  what: string,
  data: Record<string, unknown> = {},
): DomusError {
  return new DomusError(code, `${origin}, byte ${at}: ${what}; ${WHAT_TO_DO[code]}`, {
    data: { ...data, origin, offset: at },
  });
}

/**
 * What is wrong inside a payload. Decoders throw it without knowing where they stand; the reader
 * turns it into a {@link DomusError} with the place.
 */
export class PayloadError extends Error {
  readonly code: StreamErrorCode;

  constructor(what: string, code: StreamErrorCode = 'stream.malformed') {
    super(what);
    this.name = 'PayloadError';
    this.code = code;
  }
}
