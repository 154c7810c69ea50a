import type { DomusError } from '../../../../shared/errors.ts';
import type { Done } from '../disk-image.ts';
import { MAX_PAYLOAD_BYTES } from './nbd.abi.ts';

/** Requests no larger than every server takes; `done` after all, with the first error. */
export function inPieces(
  length: number,
  done: Done,
  send: (at: number, length: number, done: Done) => void,
): void {
  if (length === 0) return done(null);
  let left = Math.ceil(length / MAX_PAYLOAD_BYTES);
  let failure: DomusError | null = null;
  const pieceDone: Done = (error) => {
    failure ??= error;
    if (--left === 0) done(failure);
  };
  for (let at = 0; at < length; at += MAX_PAYLOAD_BYTES) {
    send(at, Math.min(MAX_PAYLOAD_BYTES, length - at), pieceDone);
  }
}
