/** Streams that lie in memory as a whole: golden snapshots, kept once and restored many times. */
import { StreamReader } from './reader.ts';
import type { StreamHandler, StreamReaderOptions } from './reader.ts';
import type { StreamReport } from './report.ts';

/**
 * Feeds a whole stream to `handler`. Pages are handed out where they lie in `stream`, so that the
 * one copy made is the one into the guest's memory.
 *
 * @throws DomusError `stream.…`
 */
export function restoreFromBuffer(
  stream: Uint8Array,
  handler: StreamHandler,
  options: StreamReaderOptions = {},
): StreamReport {
  const reader = new StreamReader(handler, options);
  reader.push(stream);
  return reader.finish();
}

/** Keeps nothing. */
export const NOBODY: StreamHandler = {
  config: () => undefined,
  pages: () => undefined,
  lines: () => undefined,
  engineState: () => undefined,
  domainState: () => undefined,
  xenstore: () => undefined,
};

/**
 * Checks a whole stream and keeps nothing of it: do it once when a snapshot is loaded, then
 * restore with `verified: true`.
 *
 * @throws DomusError `stream.…`
 */
export function verifyStream(stream: Uint8Array, origin?: string): StreamReport {
  return restoreFromBuffer(stream, NOBODY, origin === undefined ? {} : { origin });
}
