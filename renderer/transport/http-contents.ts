/** Contents of volumes by HTTP, from and to the server that the page came from. */
import type { DiskFormat } from '../../shared/contract/schemas.ts';
import { DomusError, type ErrorData } from '../../shared/errors.ts';
import type { VolumeContents } from './transport.ts';

interface VolumePlace {
  readonly pool: string;
  readonly volume: string;
}

export class HttpContents implements VolumeContents {
  private readonly authorization: string;

  constructor(token: string) {
    this.authorization = `Bearer ${token}`;
  }

  /** By XMLHttpRequest: `fetch` does not tell how much of a body was sent. */
  upload(
    target: VolumePlace & { readonly format: DiskFormat },
    content: Blob,
    signal: AbortSignal,
    onProgress: (share: number) => void,
  ): Promise<void> {
    const request = new XMLHttpRequest();
    const url = contentUrl(target);
    url.searchParams.set('format', target.format);
    request.open('PUT', url);
    request.setRequestHeader('authorization', this.authorization);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(loaded / total));
    const stop = (): void => request.abort();
    signal.addEventListener('abort', stop, { once: true });
    return new Promise<void>((resolve, reject) => {
      request.addEventListener('load', () => {
        if (request.status < 300) resolve();
        else reject(refusal(request.responseText));
      });
      request.addEventListener('error', () => reject(lost()));
      request.addEventListener('abort', () => reject(lost()));
      request.send(content);
    }).finally(() => signal.removeEventListener('abort', stop));
  }

  async download(source: VolumePlace, signal: AbortSignal): Promise<Response> {
    const headers = { authorization: this.authorization };
    const answer = await fetch(contentUrl(source), { headers, signal, cache: 'no-store' });
    if (!answer.ok) throw refusal(await answer.text());
    return answer;
  }
}

function contentUrl({ pool, volume }: VolumePlace): URL {
  const place = [pool, volume].map(encodeURIComponent).join('/');
  return new URL(`api/volumes/${place}/content`, location.href);
}

function refusal(body: string): DomusError {
  try {
    const data = JSON.parse(body) as Partial<ErrorData>;
    if (typeof data.code === 'string' && typeof data.message === 'string') {
      return DomusError.from({ code: data.code, message: data.message, data: data.data ?? {} });
    }
  } catch {
    // Not one of ours: a proxy between, perhaps.
  }
  return lost();
}

function lost(): DomusError {
  return new DomusError(
    'connection.lost',
    'The connection was lost on the way. Try again when Domus answers.',
  );
}
