/** Copies of disks that are written all the time: what the guest was told is what both have. */
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diskError } from '../disk-error.ts';
import type { DiskImage, Done } from '../disk-image.ts';
import { settled } from '../done.ts';
import { writeImage } from '../qcow2/create.ts';
import { Qcow2Image } from '../qcow2/qcow2-image.ts';
import { RawImage } from '../raw.ts';
import { content, placeOf, readAll, steps } from '../testing/disk-model.ts';
import { MemoryFile } from '../testing/memory-file.ts';
import type { MirrorProgress } from './disk-mirror.ts';
import { DiskMirror, isTimeToJoin } from './disk-mirror.ts';
import { REGION_BYTES } from './region-map.ts';

/** A disk that answers in its own time: its requests wait, and are done in an order of a test's. */
class Unhurried implements DiskImage {
  readonly readOnly = false;
  readonly discardBytes: number;
  private readonly inner: DiskImage;
  private readonly waiting: (() => void)[] = [];
  private isDraining = false;
  private seed: number;

  constructor(inner: DiskImage, seed: number) {
    this.inner = inner;
    this.seed = seed;
    this.discardBytes = inner.discardBytes;
  }

  get bytes(): number {
    return this.inner.bytes;
  }

  read(offset: number, target: readonly Uint8Array[], done: Done): void {
    this.later(() => this.inner.read(offset, target, done));
  }
  write(offset: number, source: readonly Uint8Array[], done: Done): void {
    this.later(() => this.inner.write(offset, source, done));
  }
  discard(offset: number, length: number, done: Done): void {
    this.later(() => this.inner.discard(offset, length, done));
  }
  flush(done: Done): void {
    this.later(() => this.inner.flush(done));
  }
  resize(bytes: number, done: Done): void {
    this.inner.resize(bytes, done);
  }
  close(done: Done): void {
    this.later(() => this.inner.close(done));
  }

  private later(work: () => void): void {
    this.waiting.push(work);
    if (!this.isDraining) void this.drain();
  }

  private async drain(): Promise<void> {
    this.isDraining = true;
    while (this.waiting.length > 0) {
      await setImmediate();
      this.seed = (this.seed * 1_103_515_245 + 12_345) & 0x7fffffff;
      const [work] = this.waiting.splice(this.seed % this.waiting.length, 1);
      work!();
    }
    this.isDraining = false;
  }
}

type Format = 'raw' | 'qcow2';

function disk(format: Format, bytes: number): { file: MemoryFile; image: DiskImage } {
  const file = new MemoryFile();
  if (format === 'raw') file.extend(bytes);
  else writeImage(file, { bytes, clusterBytes: REGION_BYTES });
  return { file, image: format === 'raw' ? new RawImage(file) : new Qcow2Image(file, null, 0) };
}

const QUIET = { bytesPerSecond: 2 ** 40, wasBusy: () => false, onProgress: () => undefined };

describe('a mirror', () => {
  it('ends with both the same, whatever is written and in what order both do it', async () => {
    await fc.assert(
      fc.asyncProperty(
        steps(60),
        fc.constantFrom<Format>('raw', 'qcow2'),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(),
        async (history, format, every, seed) => {
          const bytes = 20 * REGION_BYTES - 3 * 512;
          const source = disk(format, bytes);
          const target = disk(format, bytes);
          for (let at = 0; at < bytes; at += 3 * REGION_BYTES) {
            await settled((done) => source.image.write(at, [content(at, 4, 9)], done));
          }
          const mirror = new DiskMirror(
            new Unhurried(source.image, seed),
            new Unhurried(target.image, seed + 1),
            QUIET,
          );
          const { image } = mirror;
          const copied = mirror.run();
          // Writes that overlap may be done in either order: of each sector the last wins that is known.
          const asked: Promise<void>[] = [];
          for (const [index, step] of history.entries()) {
            if (step.kind === 'write') {
              const [at, sectors] = placeOf(step, bytes / 512);
              const data = content(at, sectors, step.byte);
              asked.push(settled((done) => image.write(at * 512, [data], done)));
            } else if (step.kind === 'discard') {
              const [at, sectors] = placeOf(step, bytes / 512);
              asked.push(settled((done) => image.discard(at * 512, sectors * 512, done)));
            } else if (step.kind === 'flush') {
              asked.push(settled((done) => image.flush(done)));
            }
            if (index % every === 0) await setImmediate();
            while (index === history.length >> 1 && image.phase === 'copying') await setImmediate();
          }
          await copied;
          await Promise.all(asked);
          expect(image.failure).toBeNull();
          image.bind();
          expect((await readAll(target.image)).equals(await readAll(source.image))).toBe(true);
          expect(image.turns.size).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is complete while its guest writes more than can be copied, and everything it wrote is there', async () => {
    const bytes = 400 * REGION_BYTES;
    const source = disk('raw', bytes);
    const target = disk('raw', bytes);
    const mirror = new DiskMirror(source.image, target.image, QUIET);
    let isOver = false;
    const copied = mirror.run().then(() => (isOver = true));
    let turn = 0;
    // All of it anew, over and over, as fast as it is answered.
    const writer = (async () => {
      while (!isOver || turn < 800) {
        const data = content(turn, 8, 1 + (turn % 250));
        const at = (turn++ * 37) % 400;
        await settled((done) => mirror.image.write(at * REGION_BYTES, [data], done));
        if (turn % 16 === 0) await setImmediate();
      }
    })();
    await copied;
    await writer;
    expect(mirror.image.isSame).toBe(true);
    expect((await readAll(target.image)).equals(await readAll(source.image))).toBe(true);
  });

  it('is complete only when what was asked for before it was joined is there', async () => {
    const bytes = 4 * REGION_BYTES;
    const source = disk('raw', bytes);
    const target = disk('raw', bytes);
    const mirror = new DiskMirror(source.image, target.image, QUIET);
    const late = Promise.withResolvers<void>();
    const write = source.image.write.bind(source.image);
    source.image.write = (offset, data, done) =>
      void late.promise.then(() => write(offset, data, done));
    const written = settled((done) => mirror.image.write(0, [content(0, 8, 3)], done));
    let isOver = false;
    const copied = mirror.run().then(() => (isOver = true));
    for (let turns = 0; turns < 20; turns++) await setImmediate();
    expect(isOver).toBe(false);
    late.resolve();
    await Promise.all([written, copied]);
    expect((await readAll(target.image)).equals(await readAll(source.image))).toBe(true);
    expect(target.file.bytes[1]).toBe(3);
  });

  it('has what a flush covered on stable storage of both, once it is complete', async () => {
    const bytes = 4 * REGION_BYTES;
    const source = disk('raw', bytes);
    const target = disk('raw', bytes);
    const mirror = new DiskMirror(source.image, target.image, QUIET);
    await settled((done) => mirror.image.write(0, [content(0, 8, 3)], done));
    const syncs: Done[] = (target.file.heldSyncs = []);
    let isOver = false;
    const copied = mirror.run().then(() => (isOver = true));
    while (syncs.length === 0) await setImmediate();
    expect(isOver).toBe(false);
    syncs.pop()!(null);
    await copied;
    let flushed = false;
    const flush = settled((done) => mirror.image.flush(done)).then(() => (flushed = true));
    while (syncs.length === 0) await setImmediate();
    for (let turns = 0; turns < 5; turns++) await setImmediate();
    expect(flushed).toBe(false);
    syncs.pop()!(null);
    await flush;
  });

  it('whose target fails is no copy, and its guest notices nothing', async () => {
    const bytes = 8 * REGION_BYTES;
    const source = disk('raw', bytes);
    const target = disk('raw', bytes);
    const mirror = new DiskMirror(source.image, target.image, QUIET);
    await mirror.run();
    target.file.room = 0;
    await settled((done) => mirror.image.write(0, [content(0, 8, 7)], done));
    await settled((done) => mirror.image.flush(done));
    expect(mirror.image.failure).toMatchObject({ code: 'disk.no-space' });
    expect(() => mirror.image.bind()).toThrow(/full/);
    expect(source.file.bytes[1]).toBe(7);
  });

  it('that has no room for its copy says so while it is copied', async () => {
    const bytes = 8 * REGION_BYTES;
    const source = disk('raw', bytes);
    await settled((done) => source.image.write(4 * REGION_BYTES, [content(0, 8, 7)], done));
    const target = disk('raw', bytes);
    target.file.room = 2 * REGION_BYTES;
    const mirror = new DiskMirror(source.image, target.image, QUIET);
    await expect(mirror.run()).rejects.toMatchObject({ code: 'disk.no-space' });
    expect(mirror.image.isSame).toBe(false);
  });

  it('acknowledges nothing that only one of them has, once it is bound', async () => {
    const bytes = 8 * REGION_BYTES;
    const source = disk('raw', bytes);
    const target = disk('raw', bytes);
    const mirror = new DiskMirror(source.image, target.image, QUIET);
    await mirror.run();
    mirror.image.bind();
    target.file.room = 0;
    const write = settled((done) => mirror.image.write(0, [content(0, 8, 7)], done));
    await expect(write).rejects.toMatchObject({ code: 'disk.no-space' });
    target.file.room = Infinity;
    await settled((done) => mirror.image.write(0, [content(0, 8, 7)], done));
    expect(target.file.bytes[1]).toBe(7);
  });

  it('is not bound before it is complete, nor after its source failed', async () => {
    const bytes = 8 * REGION_BYTES;
    const source = disk('raw', bytes);
    const target = disk('raw', bytes);
    const mirror = new DiskMirror(source.image, target.image, QUIET);
    expect(() => mirror.image.bind()).toThrow(/not complete/);
    await mirror.run();
    source.file.room = 0;
    const write = settled((done) => mirror.image.write(0, [content(0, 8, 7)], done));
    await expect(write).rejects.toMatchObject({ code: 'disk.no-space' });
    expect(() => mirror.image.bind()).toThrow(/not complete/);
  });

  it('writes no zeros where nothing was, and zeros where something was', async () => {
    const bytes = 64 * REGION_BYTES;
    const source = disk('qcow2', bytes);
    const target = disk('qcow2', bytes);
    await settled((done) => source.image.write(9 * REGION_BYTES, [content(0, 8, 5)], done));
    const empty = target.file.size;
    const told: MirrorProgress[] = [];
    const mirror = new DiskMirror(source.image, target.image, {
      ...QUIET,
      onProgress: (progress) => told.push(progress),
    });
    await mirror.run();
    expect(told.at(-1)).toMatchObject({
      bytes,
      totalBytes: bytes,
      leftBytes: 0,
      sentBytes: REGION_BYTES,
    });
    expect(target.file.size).toBeLessThan(empty + 4 * REGION_BYTES);
    await settled((done) => mirror.image.write(9 * REGION_BYTES, [new Uint8Array(4096)], done));
    expect((await readAll(target.image)).every((byte) => byte === 0)).toBe(true);
  });

  it('that is ended on the way leaves its target alone', async () => {
    const bytes = 256 * REGION_BYTES;
    const source = disk('raw', bytes);
    const target = disk('raw', bytes);
    const mirror = new DiskMirror(source.image, target.image, QUIET);
    const copied = mirror.run();
    await setImmediate();
    const closed = settled((done) => mirror.image.close(done));
    await expect(copied).rejects.toMatchObject({ code: 'disk.stopped' });
    await closed;
    target.file.write = () => {
      throw diskError('disk.io', 'memory', 'it was written after it was let go of');
    };
    await settled((done) => mirror.image.write(0, [content(0, 8, 1)], done));
  });

  it('of disks of different sizes is refused', () => {
    const [small, large] = [disk('raw', REGION_BYTES), disk('raw', 2 * REGION_BYTES)];
    expect(() => new DiskMirror(large.image, small.image, QUIET)).toThrow(/another size/);
  });
});

describe('the time to write to both', () => {
  it.each([
    [1000, 64, 1, true],
    [1000, 400, 1, false],
    [1000, 600, 1, true],
    [1000, 100, 6, true],
    [1_000_000, 100_000, 1, false],
  ])('after a pass over %i that left %i, the %i.: %s', (before, after, pass, isTime) => {
    expect(isTimeToJoin(before, after, pass)).toBe(isTime);
  });
});
