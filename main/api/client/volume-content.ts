/** Contents of volumes to and from a file of the caller's, over HTTP. */
import { fstatSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { ErrorShape, Volume } from '../../../shared/contract/index.ts';
import type { DiskFormat } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { readInto, SparseFile } from '../content/sparse-file.ts';
import type { Endpoint } from './socket.ts';

export interface VolumeAddress {
  pool: string;
  volume: string;
}

/** Bytes that have come or gone, of how many. */
export type Progress = (bytes: number, totalBytes: number) => void;

const CHUNK_BYTES = 256 * 1024;
/** An answer that is no content is a volume or an error. */
const MOST_ANSWER_BYTES = 1024 * 1024;

/** @param fd of a file, from its beginning. Errors: the daemon's, `connection.lost`. */
export async function sendVolume(
  endpoint: Endpoint,
  address: VolumeAddress,
  format: DiskFormat,
  fd: number,
  progress: Progress,
): Promise<Volume> {
  const { size } = fstatSync(fd);
  const request = open(endpoint, address, 'PUT', `?format=${format}`, { 'Content-Length': size });
  const answered = answerOf(request, endpoint);
  let isAnswered = false;
  const settled = answered.then(
    () => (isAnswered = true),
    () => (isAnswered = true),
  );
  for (let at = 0; at < size && !isAnswered;) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - at));
    const count = await readInto(fd, chunk, at);
    if (count === 0) break;
    at += count;
    progress(at, size);
    if (request.write(chunk.subarray(0, count))) continue;
    const drained = new Promise((resolve) => request.once('drain', resolve));
    await Promise.race([drained, settled]);
  }
  if (!isAnswered) request.end();
  try {
    return Volume.parse(await json(await answered));
  } finally {
    request.destroy();
  }
}

/** @param fd of an empty file. Errors: the daemon's, `connection.lost`, `volume.no-space`. */
export async function fetchVolume(
  endpoint: Endpoint,
  address: VolumeAddress,
  fd: number,
  progress: Progress,
): Promise<number> {
  const request = open(endpoint, address, 'GET', '', {});
  request.end();
  const answer = await answerOf(request, endpoint);
  if (answer.statusCode !== 200) await json(answer);
  const total = Number(answer.headers['content-length']);
  const file = new SparseFile(fd);
  let got = 0;
  try {
    for await (const chunk of answer) {
      await file.write(chunk as Buffer);
      got += (chunk as Buffer).length;
      progress(got, total);
    }
  } catch (error) {
    throw error instanceof DomusError ? error : lost(endpoint, error);
  }
  await file.end();
  return got;
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

function lost({ url }: Endpoint, cause: unknown): DomusError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new DomusError(
    'connection.lost',
    `The connection to Domus at ${url} was lost (${why}). What had not arrived whole was not kept.`,
    { data: { url }, cause },
  );
}
