import type { ErrorData } from '../../shared/errors.ts';
import { errorDataOf } from '../site/error-data.ts';
import { Value } from '../state/value.ts';
import type { VolumeContents } from '../transport/transport.ts';
import { formatOf } from './volume-file.ts';

export interface Transfer {
  readonly id: number;
  readonly kind: 'upload' | 'download';
  readonly pool: string;
  readonly volume: string;
  /** 0 to 1; null while it is not known. */
  readonly progress: number | null;
  /** Why it ended early; null while it goes on. */
  readonly error: ErrorData | null;
}

interface Place {
  readonly pool: string;
  readonly volume: string;
}

/** Contents of volumes on their way: they go on while other pages are looked at. */
export class Transfers {
  /** Under way, and those that failed until they are dismissed. */
  readonly list = new Value<readonly Transfer[]>([]);
  /** False: there is no way to send or fetch contents in this window. */
  readonly isPossible: boolean;
  private readonly contents: VolumeContents | null;
  private readonly stops = new Map<number, AbortController>();
  private nextId = 1;

  constructor(contents: VolumeContents | null) {
    this.contents = contents;
    this.isPossible = contents !== null;
  }

  upload(place: Place, file: Blob): void {
    this.run('upload', place, async (contents, signal, onProgress) => {
      const format = await formatOf(file);
      await contents.upload({ ...place, format }, file, signal, onProgress);
    });
  }

  /** @param save takes the answer's body to where the person wants it. */
  download(place: Place, save: (answer: Response) => Promise<void>): void {
    this.run('download', place, async (contents, signal, onProgress) => {
      const answer = await contents.download(place, signal);
      await save(counted(answer, onProgress));
    });
  }

  /** Stops one that is under way, and takes it off the list. */
  dismiss(id: number): void {
    this.stops.get(id)?.abort();
    this.list.set(this.list.get().filter((one) => one.id !== id));
  }

  private run(
    kind: Transfer['kind'],
    place: Place,
    act: (
      contents: VolumeContents,
      signal: AbortSignal,
      onProgress: (share: number) => void,
    ) => Promise<void>,
  ): void {
    if (this.contents === null) return;
    const id = this.nextId++;
    const stop = new AbortController();
    this.stops.set(id, stop);
    this.list.set([...this.list.get(), { id, kind, ...place, progress: null, error: null }]);
    act(this.contents, stop.signal, (progress) => this.change(id, { progress }))
      .then(() => this.dismiss(id))
      .catch((error: unknown) => this.change(id, { error: errorDataOf(error) }))
      .finally(() => this.stops.delete(id));
  }

  private change(id: number, change: Partial<Transfer>): void {
    const list = this.list.get();
    const index = list.findIndex((one) => one.id === id);
    if (index !== -1) this.list.set(list.with(index, { ...list[index]!, ...change }));
  }
}

/** The same answer, which tells how much of it was read; its length is that of its header. */
function counted(answer: Response, onProgress: (share: number) => void): Response {
  const total = Number(answer.headers.get('content-length') ?? 0);
  if (total === 0 || answer.body === null) return answer;
  let read = 0;
  const counter = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      read += chunk.length;
      onProgress(Math.min(1, read / total));
      controller.enqueue(chunk);
    },
  });
  return new Response(answer.body.pipeThrough(counter), { headers: answer.headers });
}
