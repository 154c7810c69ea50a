/** A handler that keeps what a stream brings: memory, sections and states. */
import type { StreamConfig } from '../stream/config.ts';
import { GuestMemorySink } from '../stream/memory-image.ts';
import type { LineBatch } from '../stream/line-batch.ts';
import type { PageBatch } from '../stream/page-batch.ts';
import type { StreamHandler } from '../stream/reader.ts';
import { PAGE_BYTES } from '../stream/stream.abi.ts';

export class ReceivedDomain implements StreamHandler {
  configuration: StreamConfig | null = null;
  ram: Uint8Array = new Uint8Array(0);
  readonly populated = new Map<number, boolean>();
  readonly sections = new Map<string, Uint8Array>();
  state: unknown = undefined;
  store: unknown = undefined;
  private sink: GuestMemorySink | null = null;

  config(config: StreamConfig): void {
    this.configuration = config;
    this.ram = new Uint8Array(config.memory.pages * PAGE_BYTES);
    this.sink = new GuestMemorySink(() => this.ram, {
      fresh: true,
      setPopulated: (first, count, populated) => {
        for (let gfn = first; gfn < first + count; gfn++) this.populated.set(gfn, populated);
      },
    });
  }

  pages(batch: PageBatch): void {
    this.sink?.apply(batch);
  }

  lines(batch: LineBatch): void {
    this.sink?.applyLines(batch);
  }

  engineState(name: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.sections.set(name, bytes);
  }

  domainState(state: unknown): void {
    this.state = state;
  }

  xenstore(exported: Uint8Array): void {
    this.store = JSON.parse(Buffer.from(exported).toString());
  }
}
