/**
 * Continuous protection, the waiting side: the image of a domain, always at a whole checkpoint. What
 * comes for the next one is kept beside until its record says that it is complete and right.
 */
import { DomusError } from '../../../shared/errors.ts';
import type { DomainReceiver } from '../domain/receive-domain.ts';
import type { StreamConfig } from '../stream/config.ts';
import type { LineBatch } from '../stream/line-batch.ts';
import type { PageBatch } from '../stream/page-batch.ts';
import type { StreamHandler } from '../stream/reader.ts';

export class StandbyReceiver implements StreamHandler {
  private readonly image: DomainReceiver;
  private waiting: (() => void)[] = [];
  private count = 0;
  private beside: unknown = null;

  /** @param image of a domain that was just created */
  constructor(image: DomainReceiver) {
    this.image = image;
  }

  config(config: StreamConfig): void {
    this.image.config(config);
  }

  pages(batch: PageBatch): void {
    // Before the first checkpoint there is nothing that must stay whole.
    if (this.count === 0) return this.image.pages(batch);
    const kept = batch.keep();
    this.waiting.push(() => this.image.pages(kept));
  }

  lines(batch: LineBatch): void {
    if (this.count === 0) return this.image.lines(batch);
    const kept = batch.keep();
    this.waiting.push(() => this.image.lines(kept));
  }

  engineState(name: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.waiting.push(() => this.image.engineState(name, bytes));
  }

  code(): void {
    if (this.count === 0) return this.image.code();
    this.waiting.push(() => this.image.code());
  }

  domainState(state: unknown): void {
    this.waiting.push(() => this.image.domainState(state));
  }

  xenstore(exported: Uint8Array<ArrayBuffer>): void {
    this.waiting.push(() => this.image.xenstore(exported));
  }

  checkpoint(beside: unknown): void {
    for (const put of this.waiting) put();
    this.waiting = [];
    this.beside = beside;
    this.count++;
  }

  /** Checkpoints that are in place. */
  get checkpoints(): number {
    return this.count;
  }

  /**
   * Makes the domain what the last checkpoint says: its xenstore part and what was sent beside it, both
   * unchecked.
   *
   * @throws DomusError `protection.no-checkpoint`, `stream.…` for a state that does not fit
   */
  complete(): { xenstore: Uint8Array | null; beside: unknown } {
    if (this.count === 0) {
      throw new DomusError('protection.no-checkpoint', 'the standby has no checkpoint yet');
    }
    return { ...this.image.complete(), beside: this.beside };
  }
}
