/** `PUT` and `GET` of a volume's content, with the token as a bearer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { DiskFormat } from '../../shared/contract/index.ts';
import { DomusError } from '../../shared/errors.ts';
import type { SyntheticSite } from './site.ts';
import { findVolume, putContent } from './storage.ts';

const PATH = /^\/api\/volumes\/([^/]+)\/([^/]+)\/content$/;

/** @returns false where the request is none of ours. */
export function serveContent(
  site: SyntheticSite,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const [, pool, volume] = PATH.exec(url.pathname) ?? [];
  if (pool === undefined || volume === undefined) return false;
  if (request.headers.authorization !== `Bearer ${token}`) {
    answer(response, 401, { code: 'http.no-token', message: 'The token is missing or wrong.' });
    return true;
  }
  const format = DiskFormat.catch('raw').parse(url.searchParams.get('format'));
  const serve = request.method === 'PUT' ? put(site, pool, volume, format, request) : null;
  (serve ?? Promise.resolve().then(() => get(site, pool, volume, response))).then(
    (told) => {
      if (told !== undefined) answer(response, 200, told);
    },
    (error: unknown) => answer(response, 409, DomusError.toData(error)),
  );
  return true;
}

async function put(
  site: SyntheticSite,
  pool: string,
  volume: string,
  format: DiskFormat,
  request: IncomingMessage,
): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return putContent(site, pool, volume, format, Buffer.concat(chunks));
}

function get(site: SyntheticSite, pool: string, name: string, response: ServerResponse): undefined {
  const volume = findVolume(site, `${pool}/${name}`);
  const content = volume.content ?? Buffer.alloc(4096, name);
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': content.length,
  });
  response.end(content);
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}
