/**
 * A disk while it is copied to another: its guest goes on with the first, and what it changes is
 * marked (`copying`) or done to both (`joined`, `bound`). `DiskMirror` copies what is marked.
 *
 * - `copying`: a write goes to the source, and its regions are marked when it is done, before its guest
 *   hears so. The target may be as slow as it likes.
 * - `joined`: a write is done when both have it, a flush when both have it on stable storage. No region
 *   is marked any more, so that what is left to copy only shrinks, however fast the guest writes. A
 *   target that fails is given up, and the guest notices nothing.
 * - `bound`: as `joined`, but what the target fails to do fails: from here on either may become the
 *   disk, so nothing may be acknowledged that only one of them has.
 */
import type { DomusError } from '../../../../shared/errors.ts';
import { totalBytes } from '../buffers.ts';
import { diskError } from '../disk-error.ts';
import type { DiskImage, Done } from '../disk-image.ts';
import { RangeTurns } from './range-turns.ts';
import { RegionMap } from './region-map.ts';

export type MirrorPhase = 'copying' | 'joined' | 'bound';

export class MirroredImage implements DiskImage {
  readonly source: DiskImage;
  readonly target: DiskImage;
  /** To be copied. */
  readonly dirty: RegionMap;
  /** The target may have something there; elsewhere it reads as zeros. */
  readonly written: RegionMap;
  readonly turns = new RangeTurns();
  /** Asks the target to be let go of; set by whoever copies. */
  onClose: () => Promise<void> = () => Promise.resolve();
  private current: MirrorPhase = 'copying';
  private unjoined = 0;
  private lost: DomusError | null = null;

  /** @param target writable, of the same size, and reading as zeros */
  constructor(source: DiskImage, target: DiskImage) {
    this.source = source;
    this.target = target;
    this.dirty = new RegionMap(source.bytes);
    this.written = new RegionMap(source.bytes);
    this.dirty.mark(0, source.bytes);
  }

  get bytes(): number {
    return this.source.bytes;
  }

  get readOnly(): boolean {
    return this.source.readOnly;
  }

  get discardBytes(): number {
    return this.source.discardBytes;
  }

  get phase(): MirrorPhase {
    return this.current;
  }

  /** Why the target is no copy and will not be one. */
  get failure(): DomusError | null {
    return this.lost;
  }

  /** Both are the same but for what a flush of the target would make stable. */
  get isSame(): boolean {
    return !this.lost && this.current !== 'copying' && this.dirty.count + this.unjoined === 0;
  }

  /** From now on what is written goes to both. */
  join(): void {
    if (this.current === 'copying') this.current = 'joined';
  }

  /** From now on nothing is done that is not done to both. @throws DomusError when they differ */
  bind(): void {
    if (this.lost) throw this.lost;
    if (!this.isSame) {
      throw diskError('disk.bad-request', 'that is mirrored', 'its copy is not complete');
    }
    this.current = 'bound';
  }

  /** The target is no copy any more. The first reason counts. */
  fail(error: DomusError): void {
    this.lost ??= error;
  }

  read(offset: number, target: readonly Uint8Array[], done: Done): void {
    this.source.read(offset, target, done);
  }

  write(offset: number, source: readonly Uint8Array[], done: Done): void {
    const length = totalBytes(source);
    this.change(offset, length, done, (image, over) => image.write(offset, source, over));
  }

  /**
   * To both only where both forget the same pieces; else a discard that need not be heeded is not
   * heeded while they are joined.
   */
  discard(offset: number, length: number, done: Done): void {
    const isJoined = this.isJoined();
    if (isJoined && this.source.discardBytes !== this.target.discardBytes) return done(null);
    this.change(offset, length, done, (image, over) => image.discard(offset, length, over));
  }

  flush(done: Done): void {
    if (!this.isJoined()) return this.source.flush(done);
    this.both((image, over) => image.flush(over), done);
  }

  resize(_bytes: number, done: Done): void {
    done(diskError('disk.bad-request', 'that is mirrored', 'it grows when its copy is complete'));
  }

  hurry(): void {
    this.source.hurry?.();
  }

  /** Of a disk that ends on the way: the target is let go of, whatever it has. */
  close(done: Done): void {
    this.fail(diskError('disk.stopped', 'that is mirrored', 'it was closed'));
    void this.onClose().finally(() => this.source.close(done));
  }

  private isJoined(): boolean {
    return this.current !== 'copying' && (!this.lost || this.current === 'bound');
  }

  private change(
    offset: number,
    length: number,
    done: Done,
    work: (image: DiskImage, over: Done) => void,
  ): void {
    if (!this.isJoined()) {
      this.unjoined++;
      return work(this.source, (error) => {
        this.unjoined--;
        this.dirty.mark(offset, length);
        done(error);
      });
    }
    this.turns.take(offset, length, (release) => {
      this.written.mark(offset, length);
      const over: Done = (error) => {
        // One of them may have it: they are the same again when it was copied, or asked for again.
        if (error && this.current !== 'bound') this.dirty.mark(offset, length);
        release();
        done(error);
      };
      this.both(work, over);
    });
  }

  /** The source's error counts; the target's as well when it is bound, else it ends the copy. */
  private both(work: (image: DiskImage, over: Done) => void, done: Done): void {
    let left = 2;
    let error: DomusError | null = null;
    const over = (): void => {
      if (--left === 0) done(error);
    };
    work(this.source, (failed) => {
      error = failed ?? error;
      over();
    });
    work(this.target, (failed) => {
      if (failed && this.current === 'bound') error ??= failed;
      else if (failed) this.fail(failed);
      over();
    });
  }
}
