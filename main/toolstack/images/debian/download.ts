import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as WebReadableStream } from 'node:stream/web';
import { DomusError } from '../../../../shared/errors.ts';

/** What the bytes must be. */
export interface Expected {
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes that have come so far. */
  readonly onBytes?: ((received: number) => void) | undefined;
}

const attempts = 3;
/** A server that sends nothing for so long is taken for dead. */
const stallMs = 30_000;

/**
 * Downloads a file of known size and hash to `path`. What fails on the way is tried again; on a
 * failure nothing stays at `path`.
 *
 * @throws DomusError `image.not-found` (HTTP 404), `image.network`, `image.hash-mismatch`.
 */
export async function downloadFile(
  url: string,
  path: string,
  expected: Expected,
  options: DownloadOptions,
): Promise<void> {
  try {
    await retrying(url, options.signal, async (signal, alive) => {
      const hash = createHash('sha256');
      let size = 0;
      const body = await open(url, signal);
      body.on('data', (chunk: Buffer) => {
        alive();
        size += chunk.length;
        hash.update(chunk);
        if (size > expected.sizeBytes) body.destroy(mismatch(url, 'is longer than it should be'));
        else options.onBytes?.(size);
      });
      await pipeline(body, createWriteStream(path), { signal });
      if (size < expected.sizeBytes)
        throw mismatch(url, `ends after ${size} bytes of ${expected.sizeBytes}`);
      if (hash.digest('hex') !== expected.sha256)
        throw mismatch(url, 'does not have its SHA-256 sum');
    });
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** Downloads a text of at most `maxBytes`. Errors as {@link downloadFile}. */
export async function downloadText(
  url: string,
  maxBytes: number,
  options: DownloadOptions,
): Promise<string> {
  return retrying(url, options.signal, async (signal, alive) => {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of (await open(url, signal)) as AsyncIterable<Buffer>) {
      alive();
      size += chunk.length;
      if (size > maxBytes) throw mismatch(url, 'is longer than it should be');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  });
}

async function open(url: string, signal: AbortSignal): Promise<Readable> {
  const response = await fetch(url, { signal, headers: { 'accept-encoding': 'identity' } });
  if (response.ok && response.body !== null) {
    return Readable.fromWeb(response.body as WebReadableStream);
  }
  await response.body?.cancel();
  const missing = response.status === 404 || response.status === 410;
  throw new DomusError(
    missing ? 'image.not-found' : 'image.network',
    `${url} answers ${response.status} ${response.statusText}. ${missing ? 'The mirror does not have it' : 'Try again later'}, or use another Debian mirror.`,
    { data: { url, status: response.status, retry: response.status >= 500 } },
  );
}

/** Runs one attempt after the other, each with a deadline that `alive` puts off. */
async function retrying<T>(
  url: string,
  outer: AbortSignal | undefined,
  attempt: (signal: AbortSignal, alive: () => void) => Promise<T>,
): Promise<T> {
  for (let count = 1; ; count += 1) {
    const stalled = new AbortController();
    const timer = setTimeout(() => stalled.abort(), stallMs);
    try {
      const signal = outer ? AbortSignal.any([outer, stalled.signal]) : stalled.signal;
      return await attempt(signal, () => timer.refresh());
    } catch (error) {
      outer?.throwIfAborted();
      const failure = asNetworkError(url, error, stalled.signal.aborted);
      if (count === attempts || failure.data['retry'] !== true) throw failure;
    } finally {
      clearTimeout(timer);
    }
    await delay(500 * count, undefined, { ...(outer ? { signal: outer } : {}) });
  }
}

function asNetworkError(url: string, error: unknown, stalled: boolean): DomusError {
  if (error instanceof DomusError) return error;
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const why = stalled
    ? `nothing came for ${stallMs / 1000} seconds`
    : cause instanceof Error
      ? cause.message
      : String(cause);
  return new DomusError(
    'image.network',
    `${url} could not be fetched: ${why}. Check the network connection and the mirror setting.`,
    { data: { url, retry: true }, cause: error },
  );
}

function mismatch(url: string, why: string): DomusError {
  return new DomusError(
    'image.hash-mismatch',
    `${url} ${why}: it was damaged on the way, or the mirror is being updated. Try again later, or use another Debian mirror.`,
    { data: { url } },
  );
}
