/**
 * Serves the built user interface. The list of files is read once, at start: a request can only
 * ask for a name on it, so there is no path to escape with.
 */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
};

interface StaticFile {
  path: string;
  sizeBytes: number;
  contentType: string;
  cacheControl: string;
}

export class StaticFiles {
  private readonly files: ReadonlyMap<string, StaticFile>;

  private constructor(files: ReadonlyMap<string, StaticFile>) {
    this.files = files;
  }

  /** `folder`: a vite build. A folder that is not there serves nothing. */
  static async read(folder: string): Promise<StaticFiles> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        const url = `/${relative(folder, path).split(sep).join('/')}`;
        return [url, await describe(path, url)] as const;
      });
    return new StaticFiles(new Map(await Promise.all(files)));
  }

  get empty(): boolean {
    return this.files.size === 0;
  }

  /** Whether there was such a file. `/` is the page. */
  serve(request: IncomingMessage, response: ServerResponse, pathname: string): boolean {
    const file = this.files.get(pathname === '/' ? '/index.html' : pathname);
    if (!file) return false;
    response.writeHead(200, {
      'Content-Type': file.contentType,
      'Content-Length': file.sizeBytes,
      'Cache-Control': file.cacheControl,
    });
    if (request.method === 'HEAD') {
      response.end();
      return true;
    }
    createReadStream(file.path)
      .on('error', () => response.destroy())
      .pipe(response);
    return true;
  }
}

async function describe(path: string, url: string): Promise<StaticFile> {
  return {
    path,
    sizeBytes: (await stat(path)).size,
    contentType: CONTENT_TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream',
    // vite puts a hash of the content into the names below /assets/.
    cacheControl: url.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
}
