/** Contents of volumes to and from the caller, over HTTP. */
import { request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { ErrorShape, Volume } from '../../../shared/contract/index.ts';
import type { DiskFormat } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { SparseFile } from '../content/sparse-file.ts';
import type { Endpoint } from './socket.ts';

export interface VolumeAddress {
  pool: string;
  volume: string;
}

/** What is sent. A source that throws leaves the volume as it was. */
export interface VolumeSource {
  chunks: AsyncIterable<Buffer>;
  /** All that there is; null when nobody knows before its end. */
  bytes: number | null;
}

/** Bytes that have come or gone, of how many; null when nobody knows. */
export type Progress = (bytes: number, totalBytes: number | null) => void;

/** Takes bytes one piece after another; settles when more may come. */
export type TakeBytes = (bytes: Buffer) => Promise<void>;

/** An answer that is no content is a volume or an error. */
const MOST_ANSWER_BYTES = 1024 * 1024;

/** Errors: the daemon's, `connection.lost`, `volume.not-whole`, those of the source. */
export async function sendVolume(
  endpoint: Endpoint,
  address: VolumeAddress,
  format: DiskFormat,
  { chunks, bytes }: VolumeSource,
  progress: Progress,
): Promise<Volume> {
  const length = bytes === null ? {} : { 'Content-Length': bytes };
  const request = open(endpoint, address, 'PUT', `?format=${format}`, length);
  const answered = answerOf(request, endpoint);
  const unlessAnswered = unlessSettled(answered);
  try {
    let sent = 0;
    const iterator = chunks[Symbol.asyncIterator]();
    for (;;) {
      const next = await unlessAnswered(iterator.next());
      if (next === null) break;
      if (next.done === true) {
        if (bytes !== null && sent < bytes) throw notWhole(bytes, sent);
        request.end();
        break;
      }
      sent += next.value.length;
      if (bytes !== null && sent > bytes) throw notWhole(bytes, sent);
      progress(sent, bytes);
      if (request.write(next.value)) continue;
      await unlessAnswered(new Promise((resolve) => request.once('drain', resolve)));
    }
    return Volume.parse(await json(await answered));
  } finally {
    // What was not sent whole is not kept.
    request.destroy();
  }
}

/** Into an empty file, whose zeros take no room. Errors: as {@link streamVolume}, `volume.no-space`. */
export async function fetchVolume(
  endpoint: Endpoint,
  address: VolumeAddress,
  fd: number,
  progress: Progress,
): Promise<number> {
  const file = new SparseFile(fd);
  const bytes = await streamVolume(endpoint, address, (piece) => file.write(piece), progress);
  await file.end();
  return bytes;
}

/** Answers with how many bytes there were. Errors: the daemon's, `connection.lost`. */
export async function streamVolume(
  endpoint: Endpoint,
  address: VolumeAddress,
  take: TakeBytes,
  progress: Progress,
): Promise<number> {
  const request = open(endpoint, address, 'GET', '', {});
  request.end();
  const answer = await answerOf(request, endpoint);
  if (answer.statusCode !== 200) await json(answer);
  const total = Number(answer.headers['content-length']);
  let got = 0;
  try {
    for await (const chunk of answer) {
      await take(chunk as Buffer);
      got += (chunk as Buffer).length;
      progress(got, total);
    }
  } catch (error) {
    throw error instanceof DomusError ? error : lost(endpoint, error);
  }
  return got;
}

/**
 * What somebody waits for, one after another, or null once `end` has settled. `Promise.race` would
 * keep all that was ever raced until then.
 */
function unlessSettled(end: Promise<unknown>): <T>(wanted: Promise<T>) => Promise<T | null> {
  let isOver = false;
  let giveUp = (): void => undefined;
  const over = (): void => {
    isOver = true;
    giveUp();
  };
  end.then(over, over);
  return (wanted) =>
    new Promise((resolve, reject) => {
      giveUp = () => resolve(null);
      wanted.then(resolve, reject);
      if (isOver) giveUp();
    });
}

function open(
  { url, token }: Endpoint,
  { pool, volume }: VolumeAddress,
  method: string,
  query: string,
  headers: Record<string, number>,
): ClientRequest {
  const path = [pool, volume].map(encodeURIComponent).join('/');
  return httpRequest(`${url}/api/volumes/${path}/content${query}`, {
    method,
    headers: { ...headers, Authorization: `Bearer ${token}` },
  });
}

function answerOf(request: ClientRequest, endpoint: Endpoint): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', (error) => reject(lost(endpoint, error)));
  });
}

/** What it says, or throws it if it is an error. */
async function json(answer: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of answer) {
    pieces.push(piece as Buffer);
    length += (piece as Buffer).length;
    if (length > MOST_ANSWER_BYTES) throw new Error('the answer is too long');
  }
  const value: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
  if (answer.statusCode === 200) return value;
  throw DomusError.from(ErrorShape.parse(value));
}

function notWhole(bytes: number, sent: number): DomusError {
  const came = sent > bytes ? 'more came' : `only ${sent} came`;
  return new DomusError(
    'volume.not-whole',
    `${bytes} bytes were to be sent, and ${came}. Nothing of it was kept: send it again.`,
    { data: { bytes, sent } },
  );
}

function lost({ url }: Endpoint, cause: unknown): DomusError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new DomusError(
    'connection.lost',
    `The connection to Domus at ${url} was lost (${why}). What had not arrived whole was not kept.`,
    { data: { url }, cause },
  );
}
