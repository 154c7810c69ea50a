/**
 * Copies a disk to another while it is used, until both are the same and stay so.
 *
 * 1. Passes over what is marked, each from the beginning to the end. A region is taken off the map
 *    before it is read, so that what is written meanwhile marks it again.
 * 2. When another pass would gain little (`isTimeToJoin`) writes go to both: what is left shrinks only.
 * 3. When nothing is left and the target's flush is done, the copy is complete: what was acknowledged
 *    before is stable on both, and what is flushed after is flushed on both.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';
import { isZeros } from '../buffers.ts';
import { diskError } from '../disk-error.ts';
import type { DiskImage } from '../disk-image.ts';
import { settled } from '../done.ts';
import { MirroredImage } from './mirrored-image.ts';
import { restAfter } from './pace.ts';
import { REGION_BYTES } from './region-map.ts';

/** Copied at once: what a guest's write may have to wait for. */
const PIECE_REGIONS = 4;
/** Written and not yet made stable: what a sync of the guest's may have to wait for. */
const UNSTABLE_BYTES = 32 * 2 ** 20;
/** Left after a pass: copied in a moment. */
const LITTLE_REGIONS = 64;
const MOST_PASSES = 6;

export interface MirrorOptions {
  /** The most that the copy may take. */
  bytesPerSecond: number;
  /** Guests asked for something since this was asked last. */
  wasBusy(): boolean;
  onProgress(progress: MirrorProgress): void;
}

export interface MirrorProgress {
  /** Of the disk: passed over once, whether it had anything or not. */
  bytes: number;
  totalBytes: number;
  /** Written to the target until now, in all passes. */
  sentBytes: number;
  /** Marked now. */
  leftBytes: number;
  pass: number;
}

export class DiskMirror {
  readonly image: MirroredImage;
  private readonly options: MirrorOptions;
  private readonly buffer = new Uint8Array(PIECE_REGIONS * REGION_BYTES);
  private copying: Promise<void> | null = null;
  private isStopped = false;
  private pass = 1;
  private passed = 0;
  private sent = 0;
  private unstable = 0;

  constructor(source: DiskImage, target: DiskImage, options: MirrorOptions) {
    if (target.bytes !== source.bytes) {
      throw diskError('disk.bad-request', 'for the copy', 'it has another size than its original');
    }
    this.image = new MirroredImage(source, target);
    this.image.onClose = () => this.end();
    this.options = options;
  }

  /** Settles when both are the same, or with why they will not be. Once. @throws DomusError `disk.…` */
  run(): Promise<void> {
    this.copying ??= this.copy();
    return this.copying;
  }

  /** Stops copying, and lets go of the target; settles after the last access to it. Never fails. */
  async end(): Promise<void> {
    await this.halt();
    await settled((done) => this.image.target.close(done)).catch(() => undefined);
  }

  /** Settles when nothing is being copied. Never fails. */
  async halt(): Promise<void> {
    this.isStopped = true;
    await this.copying?.catch(() => undefined);
  }

  private async copy(): Promise<void> {
    const { image } = this;
    for (;;) {
      const before = image.dirty.count;
      await this.copyMarked();
      if (image.phase === 'copying' && isTimeToJoin(before, image.dirty.count, this.pass)) {
        image.join();
      }
      this.pass++;
      // What was asked for before they were joined marks its regions yet.
      if (image.dirty.count === 0) await setImmediate();
      if (!image.isSame) continue;
      await settled((done) => image.target.flush(done));
      this.requireGoing();
      if (!image.isSame) continue;
      this.tell();
      return;
    }
  }

  private async copyMarked(): Promise<void> {
    const { dirty } = this.image;
    for (let from = 0; ;) {
      this.requireGoing();
      const run = dirty.nextRun(from, PIECE_REGIONS);
      if (!run) break;
      from = run.first + run.count;
      const startedAtMs = performance.now();
      const bytes = await this.copyPiece(run.first, run.count);
      this.passed = this.pass === 1 ? from * REGION_BYTES : dirty.bytes;
      this.tell();
      const spentMs = performance.now() - startedAtMs;
      await this.rest({ bytes, spentMs, isBusy: this.options.wasBusy() });
    }
    this.passed = dirty.bytes;
  }

  /** @returns how much of it was written */
  private async copyPiece(first: number, count: number): Promise<number> {
    const { image, buffer } = this;
    const offset = first * REGION_BYTES;
    const length = Math.min(count * REGION_BYTES, image.bytes - offset);
    const release = await new Promise<() => void>((resolve) =>
      image.turns.take(offset, length, resolve),
    );
    try {
      image.dirty.clear(first, count);
      const bytes = buffer.subarray(0, length);
      await settled((done) => image.source.read(offset, [bytes], done));
      let sent = 0;
      for (const [from, to] of this.runsToWrite(first, bytes)) {
        image.written.mark(offset + from, to - from);
        await settled((done) =>
          image.target.write(offset + from, [bytes.subarray(from, to)], done),
        );
        sent += to - from;
      }
      this.sent += sent;
      this.unstable += sent;
      return sent;
    } finally {
      release();
    }
  }

  /** `[from, to)` of neighbouring regions but those that are zeros on both. */
  private *runsToWrite(first: number, bytes: Uint8Array): Generator<[from: number, to: number]> {
    let from = -1;
    for (let at = 0; at < bytes.length; at += REGION_BYTES) {
      const isHole =
        !this.image.written.has(first + at / REGION_BYTES) &&
        isZeros([bytes.subarray(at, at + REGION_BYTES)]);
      if (!isHole && from === -1) from = at;
      if (!isHole || from === -1) continue;
      yield [from, at];
      from = -1;
    }
    if (from !== -1) yield [from, bytes.length];
  }

  private async rest(piece: { bytes: number; spentMs: number; isBusy: boolean }): Promise<void> {
    if (this.unstable >= UNSTABLE_BYTES) {
      this.unstable = 0;
      await settled((done) => this.image.target.flush(done));
    }
    const restMs = restAfter(piece, this.options.bytesPerSecond);
    if (restMs >= 1) await setTimeout(restMs);
    else await setImmediate();
  }

  private requireGoing(): void {
    const { failure } = this.image;
    if (failure) throw failure;
    if (this.isStopped) throw diskError('disk.stopped', 'for the copy', 'the copy was stopped');
  }

  private tell(): void {
    const { dirty } = this.image;
    this.options.onProgress({
      bytes: Math.min(this.passed, dirty.bytes),
      totalBytes: dirty.bytes,
      sentBytes: this.sent,
      leftBytes: dirty.count * REGION_BYTES,
      pass: this.pass,
    });
  }
}

/**
 * After a pass over `before` regions that left `after`: little is left; or the guest writes at more than
 * half of what is copied, so that further passes gain little.
 */
export function isTimeToJoin(before: number, after: number, pass: number): boolean {
  return after <= LITTLE_REGIONS || after > before / 2 || pass >= MOST_PASSES;
}
