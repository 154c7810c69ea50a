/**
 * What a stream has brought so far, and so what may still come: the order of records, no page and
 * no section twice (unless the stream is live), a bound on what the receiver must hold, and that
 * nothing is missing at the end.
 */
import type { StreamConfig } from './config.ts';
import { sectionSize } from './engine-section.ts';
import type { LineBatch } from './line-batch.ts';
import type { PageBatch } from './page-batch.ts';
import { LinesOver, MAX_SECTIONS, MAX_SECTIONS_BYTES, RecordType } from './stream.abi.ts';
import { PayloadError } from './stream-error.ts';

export class StreamContents {
  dataPages = 0;
  /** Frames of the domain's memory, populated or not. */
  readonly memoryPages: number;
  private readonly live: boolean;
  /** A byte for each frame: 1 when the stream has said what it holds. */
  private readonly described: Uint8Array;
  private describedPages = 0;
  private readonly sectionBytes = new Map<string, number>();
  private hasDomainState = false;
  private hasXenstore = false;

  constructor(config: StreamConfig, live: boolean) {
    this.live = live;
    this.memoryPages = config.memory.pages;
    this.described = new Uint8Array(this.memoryPages);
  }

  /** @throws PayloadError when a page of the batch came before */
  addPages(batch: PageBatch): void {
    batch.forEachRun((_kind, firstGfn, count) => this.describe(firstGfn, count));
    this.dataPages += batch.dataPages;
  }

  /** @throws PayloadError when a page came before, or is told over one that did not */
  addLines(batch: LineBatch): void {
    batch.forEachPage(({ gfn, over }) => {
      if (over === LinesOver.zeros) return this.describe(gfn, 1);
      if (!this.live || this.described[gfn] === 0) {
        throw new PayloadError(`lines over page ${gfn}, which did not come before`);
      }
    });
    this.dataPages += batch.pages;
  }

  /**
   * Called before a section is decoded, so that a small record cannot ask for much memory.
   *
   * @throws PayloadError
   */
  admitSection(payload: Uint8Array): void {
    const held = [...this.sectionBytes.values()].reduce((sum, bytes) => sum + bytes, 0);
    const tooMany = !this.live && this.sectionBytes.size === MAX_SECTIONS;
    if (tooMany || held + sectionSize(payload) > MAX_SECTIONS_BYTES) {
      throw new PayloadError('more engine state than any machine has', 'stream.too-large');
    }
  }

  /** @throws PayloadError when the section came before */
  addSection(name: string, bytes: number): void {
    if (!this.live && this.sectionBytes.has(name)) {
      throw new PayloadError(`engine section ${name} comes twice`);
    }
    this.sectionBytes.set(name, bytes);
    if (this.sectionBytes.size > MAX_SECTIONS) {
      throw new PayloadError('more engine sections than any machine has', 'stream.too-large');
    }
  }

  /** @throws PayloadError when the state came before, unless the stream is live */
  addState(type: typeof RecordType.domainState | typeof RecordType.xenstore): void {
    const twice = type === RecordType.domainState ? this.hasDomainState : this.hasXenstore;
    if (twice && !this.live) throw new PayloadError(`record type ${type} comes twice`);
    if (type === RecordType.domainState) this.hasDomainState = true;
    else this.hasXenstore = true;
  }

  /**
   * A state is whole; the next begins with all of it but its domain state.
   *
   * @throws PayloadError as {@link requireComplete}
   */
  endCheckpoint(): void {
    this.requireComplete();
    this.hasDomainState = false;
    this.hasXenstore = false;
  }

  /** @throws PayloadError unless the stream holds a whole domain */
  requireComplete(): void {
    const missing = [
      ...(this.describedPages < this.memoryPages
        ? [`${this.memoryPages - this.describedPages} of ${this.memoryPages} pages`]
        : []),
      ...(this.sectionBytes.size === 0 ? ['the engine state'] : []),
      ...(this.hasDomainState ? [] : ['the domain state']),
    ];
    if (missing.length === 0) return;
    throw new PayloadError(`it ends without ${missing.join(', ')}`, 'stream.incomplete');
  }

  private describe(firstGfn: number, count: number): void {
    const run = this.described.subarray(firstGfn, firstGfn + count);
    if (run.includes(1)) {
      if (!this.live) throw new PayloadError(`a page of ${firstGfn} on comes twice`);
      for (const seen of run) this.describedPages += 1 - seen;
    } else {
      this.describedPages += count;
    }
    run.fill(1);
  }
}
