/**
 * Answers the window's requests for its own files. The list of files is read once: a request can
 * only ask for a name on it, so there is no path to escape with.
 */
import { readFile, readdir } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { isOurPage } from '../origin.ts';
import { CONTENT_SECURITY_POLICY } from '../security/content-security-policy.ts';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

export class Pages {
  private readonly files: ReadonlyMap<string, string>;

  private constructor(files: ReadonlyMap<string, string>) {
    this.files = files;
  }

  /** `folder`: the built user interface. Throws the system's error where it cannot be read. */
  static async read(folder: string): Promise<Pages> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry): [string, string] => {
        const path = join(entry.parentPath, entry.name);
        return [`/${relative(folder, path).split(sep).join('/')}`, path];
      });
    return new Pages(new Map(files));
  }

  async answer(request: { method: string; url: string }): Promise<Response> {
    if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405);
    const pathname = isOurPage(request.url) ? new URL(request.url).pathname : '';
    const path = this.files.get(pathname === '/' ? '/index.html' : pathname);
    const body = path === undefined ? null : await readFile(path).catch(() => null);
    if (path === undefined || body === null) return refusal(404);
    const type = CONTENT_TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream';
    return new Response(request.method === 'HEAD' ? null : new Uint8Array(body), {
      headers: headers(type),
    });
  }
}

function refusal(status: number): Response {
  return new Response(null, { status, headers: headers('text/plain; charset=utf-8') });
}

function headers(contentType: string): Record<string, string> {
  return {
    'Content-Type': contentType,
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-cache',
  };
}
