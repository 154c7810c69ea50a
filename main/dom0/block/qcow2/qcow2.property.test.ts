/** Random histories: after each the image holds what a plain array would, and QEMU finds it whole. */
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settled } from '../done.ts';
import { RawImage } from '../raw.ts';
import { content, cut, placeOf, readAll, steps } from '../testing/disk-model.ts';
import type { Step } from '../testing/disk-model.ts';
import { MemoryFile } from '../testing/memory-file.ts';
import { qemuCheck } from '../testing/qemu-img.ts';
import { ScratchFolder } from '../testing/scratch-folder.ts';
import { writeImage } from './create.ts';
import { Qcow2Image } from './qcow2-image.ts';

/** A disk, the file of it, and the array that it must be like. */
class Pair {
  readonly file = new MemoryFile();
  private readonly backing: RawImage | null;
  private image: Qcow2Image;
  private model: Uint8Array;
  /** Sectors of which nothing is known: discarded, and not written since. */
  private readonly forgotten = new Set<number>();

  constructor(clusterBytes: number, bytes: number, base: Uint8Array | null) {
    this.backing = null;
    if (base) {
      const beneath = new MemoryFile();
      beneath.write(0, [base]);
      this.backing = new RawImage(beneath);
    }
    writeImage(this.file, {
      bytes,
      clusterBytes,
      ...(base && { backing: { name: 'base.raw', format: 'raw' as const } }),
    });
    this.image = new Qcow2Image(this.file, this.backing, 0);
    this.model = new Uint8Array(bytes);
    if (base) this.model.set(base);
  }

  async perform(step: Step): Promise<void> {
    const total = this.model.length / 512;
    switch (step.kind) {
      case 'write': {
        const [at, sectors] = placeOf(step, total);
        const data = content(at, sectors, step.byte);
        this.model.set(data, at * 512);
        for (let sector = at; sector < at + sectors; sector++) this.forgotten.delete(sector);
        return settled((done) => this.image.write(at * 512, cut(data, step.pieces), done));
      }
      case 'discard': {
        const [at, sectors] = placeOf(step, total);
        for (let sector = at; sector < at + sectors; sector++) this.forgotten.add(sector);
        return settled((done) => this.image.discard(at * 512, sectors * 512, done));
      }
      case 'flush':
        return settled((done) => this.image.flush(done));
      case 'grow': {
        const longer = new Uint8Array(this.model.length + step.sectors * 512);
        longer.set(this.model);
        this.model = longer;
        return settled((done) => this.image.resize(longer.length, done));
      }
      case 'reopen':
        await this.close();
        this.image = new Qcow2Image(this.file, this.backing, 0);
    }
  }

  async check(): Promise<void> {
    const present = await readAll(this.image);
    expect(present.length).toBe(this.model.length);
    for (const sector of this.forgotten) {
      const at = sector * 512;
      const bytes = present.subarray(at, at + 512);
      // What was there, or zeros: nothing of another place.
      if (bytes.every((byte) => byte === 0)) this.model.fill(0, at, at + 512);
    }
    expect(present.equals(this.model)).toBe(true);
  }

  async close(): Promise<void> {
    await settled((done) => this.image.close(done));
  }
}

describe('a qcow2 disk', { timeout: 240_000 }, () => {
  for (const clusterBytes of [512, 4096, 65_536]) {
    for (const overlay of [false, true]) {
      it(`is an array of sectors: clusters of ${clusterBytes}${overlay ? ', overlay' : ''}`, async () => {
        using folder = new ScratchFolder();
        const path = folder.file('disk.qcow2');
        const total = (clusterBytes / 512) * 40 + 7;
        const base = content(0, Math.floor(total * 0.7), 200);
        writeFileSync(folder.file('base.raw'), base);
        await fc.assert(
          fc.asyncProperty(steps(30), async (history) => {
            const pair = new Pair(clusterBytes, total * 512, overlay ? base : null);
            for (const step of history) await pair.perform(step);
            await pair.check();
            await pair.close();
            writeFileSync(path, pair.file.bytes);
            expect(qemuCheck(path)).toBe('clean');
          }),
          { numRuns: 60 },
        );
      });
    }
  }
});
