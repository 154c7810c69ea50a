/**
 * `PUT` and `GET` of `/api/volumes/POOL/VOLUME/content`: the bytes of a volume's file, as they are.
 * They flow between the connection and a descriptor that the toolstack opened, as fast as the slower
 * of the two takes them. A connection that breaks leaves the volume as it was.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Channel } from '../../../shared/channel/channel.ts';
import { DiskFormat, Name, VolumeName } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { ContentCalls } from '../../toolstack/control/content.contract.ts';
import { readInto, SparseFile } from '../content/sparse-file.ts';

export type ContentPeer = Pick<Channel<ContentCalls, never, never, never>, 'call'>;

export interface VolumeAddress {
  pool: string;
  volume: string;
}

const PATH = /^\/api\/volumes\/([^/]+)\/([^/]+)\/content$/;
const CHUNK_BYTES = 256 * 1024;
/** A connection on which nothing moves for this long is given up. */
const IDLE_MS = 60_000;

/** Null for other paths, and for names that no volume has. */
export function contentAddress(pathname: string): VolumeAddress | null {
  const [, pool, volume] = PATH.exec(pathname) ?? [];
  if (!Name.safeParse(pool).success || !VolumeName.safeParse(volume).success) return null;
  return { pool: pool!, volume: volume! };
}

export class VolumeContent {
  private readonly peer: ContentPeer;

  constructor(peer: ContentPeer) {
    this.peer = peer;
  }

  /** False for methods that there are not. Errors: {@link DomusError}. */
  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    address: VolumeAddress,
    query: URLSearchParams,
  ): Promise<boolean> {
    giveUpWhenIdle(request, response);
    if (request.method === 'PUT') await this.receive(request, response, address, query);
    else if (request.method === 'GET' || request.method === 'HEAD') {
      await this.send(request, response, address);
    } else return false;
    return true;
  }

  private async receive(
    request: IncomingMessage,
    response: ServerResponse,
    address: VolumeAddress,
    query: URLSearchParams,
  ): Promise<void> {
    const format = DiskFormat.safeParse(query.get('format'));
    if (!format.success) throw formatMissing();
    const bytes = announcedBytes(request);
    const going = await this.peer.call('content.receive', {
      ...address,
      format: format.data,
      bytes,
    });
    const { transfer, fd, mostBytes } = going;
    try {
      const file = new SparseFile(fd, mostBytes);
      // What is left when this fails is taken still, so that its sender reads why.
      const chunks = request.iterator({ destroyOnReturn: false });
      for await (const chunk of chunks) await file.write(chunk as Buffer);
      await file.end();
    } catch (error) {
      await this.peer.call('content.end', { transfer });
      throw error;
    }
    const volume = await this.peer.call('content.received', { transfer });
    response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(volume));
  }

  private async send(
    request: IncomingMessage,
    response: ServerResponse,
    address: VolumeAddress,
  ): Promise<void> {
    const { transfer, fd, bytes } = await this.peer.call('content.send', address);
    try {
      response.writeHead(200, {
        'Content-Type': 'application/octet-stream',
        'Content-Length': bytes,
        'Content-Disposition': `attachment; filename="${address.volume}"`,
      });
      if (request.method === 'GET') await sendFile(response, fd, bytes);
      response.end();
    } finally {
      await this.peer.call('content.end', { transfer });
    }
  }
}

function giveUpWhenIdle({ socket }: IncomingMessage, response: ServerResponse): void {
  const giveUp = (): void => void socket.destroy();
  socket.setTimeout(IDLE_MS).on('timeout', giveUp);
  response.once('close', () => socket.setTimeout(0).off('timeout', giveUp));
}

async function sendFile(response: ServerResponse, fd: number, bytes: number): Promise<void> {
  for (let at = 0; at < bytes && !response.destroyed;) {
    // A new one each time: what was written may wait in the connection still.
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, bytes - at));
    const count = await readInto(fd, chunk, at);
    if (count === 0) throw new Error(`the file ended after ${at} of ${bytes} bytes`);
    at += count;
    if (!response.write(chunk.subarray(0, count))) await drained(response);
  }
}

/** Settles when more may be written, or the connection is gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
    if (response.destroyed) done();
  });
}

function announcedBytes(request: IncomingMessage): number | null {
  const length = request.headers['content-length'];
  return length === undefined ? null : Number(length);
}

function formatMissing(): DomusError {
  return new DomusError(
    'input.invalid',
    `Say what is sent: ?format=${DiskFormat.options.join(' or ?format=')}.`,
  );
}
