/**
 * The file is cut off at any moment of a random history: by a kill, after which every write so far is
 * there, and by a power failure, after which any of those since the last sync may be missing. QEMU
 * finds nothing wrong but leaks, and what was flushed is there.
 */
import { writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Done } from '../disk-image.ts';
import { settled } from '../done.ts';
import { content, placeOf, readAll, steps } from '../testing/disk-model.ts';
import type { Step } from '../testing/disk-model.ts';
import { qemuCheck } from '../testing/qemu-img.ts';
import { uncountedClusters } from '../testing/count-references.ts';
import type { MemoryFile } from '../testing/memory-file.ts';
import type { RecordedEvent } from '../testing/recording-file.ts';
import { RecordingFile } from '../testing/recording-file.ts';
import { ScratchFolder } from '../testing/scratch-folder.ts';
import { writeImage } from './create.ts';
import { Qcow2Image } from './qcow2-image.ts';

/** What is noted of a disk while it lives: content that a sector may have, or must not lose. */
type Note =
  | { kind: 'may'; at: number; bytes: Uint8Array }
  /** Of the disk as it was when the flush was asked for, `since` events after its beginning. */
  | { kind: 'flushed'; bytes: Uint8Array; since: number };

/** @param coins whether a sync that is under way is over before the next step */
async function live(
  file: RecordingFile,
  clusterBytes: number,
  history: Step[],
  coins: Iterator<boolean>,
): Promise<void> {
  const note = (note: Note): void => file.note(note);
  // With the smallest clusters more L2 tables than the cache holds.
  const total = (clusterBytes / 512) * (clusterBytes === 512 ? 800 : 24) + 5;
  writeImage(file, { bytes: total * 512, clusterBytes });
  const image = new Qcow2Image(file, null, 0);
  let model = new Uint8Array(total * 512);
  note({ kind: 'flushed', bytes: model.slice(), since: file.events.length });
  const syncs: Done[] = (file.heldSyncs = []);

  /** Lets syncs end until the request has. */
  const finish = async (request: Promise<void>): Promise<void> => {
    let over = false;
    const ended = request.finally(() => (over = true));
    while (!over) {
      syncs.shift()?.(null);
      await setImmediate();
    }
    return ended;
  };
  const flush = async (): Promise<void> => {
    const flushed = { kind: 'flushed', bytes: model.slice(), since: file.events.length } as const;
    await settled((done) => image.flush(done));
    note(flushed);
  };
  const flushes: Promise<void>[] = [];
  for (const step of history) {
    const sectors = model.length / 512;
    if (step.kind === 'write') {
      const [at, count] = placeOf(step, sectors);
      const bytes = content(at, count, step.byte);
      note({ kind: 'may', at, bytes });
      model.set(bytes, at * 512);
      await finish(settled((done) => image.write(at * 512, [bytes], done)));
    } else if (step.kind === 'discard') {
      const [at, count] = placeOf(step, sectors);
      note({ kind: 'may', at, bytes: new Uint8Array(count * 512) });
      await finish(settled((done) => image.discard(at * 512, count * 512, done)));
      model = Uint8Array.from(await readAll(image));
    } else if (step.kind === 'grow') {
      const longer = new Uint8Array(model.length + step.sectors * 512);
      longer.set(model);
      await finish(settled((done) => image.resize(longer.length, done)));
      model = longer;
    } else {
      flushes.push(flush());
    }
    if (coins.next().value === true) syncs.shift()?.(null);
  }
  await finish(Promise.all([...flushes, flush()]).then(() => undefined));
  expect((await readAll(image)).equals(model)).toBe(true);
}

/** For each sector of the flushed disk, what it may hold after a failure behind `count` events. */
function allowed(
  file: RecordingFile,
  count: number,
): { flushed: Uint8Array; later: Map<number, Buffer[]> } {
  const notes = file.events
    .slice(0, count)
    .map((event) => (event.kind === 'note' ? (event.note as Note) : null));
  const start = notes.findLast((note) => note?.kind === 'flushed');
  if (start?.kind !== 'flushed') throw new Error('nothing was flushed yet');
  const later = new Map<number, Buffer[]>();
  for (const note of notes.slice(start.since)) {
    if (note?.kind !== 'may') continue;
    for (let at = 0; at < note.bytes.length; at += 512) {
      const sector = note.at + at / 512;
      const contents = later.get(sector) ?? [];
      contents.push(Buffer.from(note.bytes.subarray(at, at + 512)));
      later.set(sector, contents);
    }
  }
  return { flushed: start.bytes, later };
}

async function checkAfter(
  file: RecordingFile,
  count: number,
  survives: (index: number) => boolean,
): Promise<MemoryFile> {
  const left = file.after(count, survives);
  expect(uncountedClusters(left)).toEqual([]);
  const { flushed, later } = allowed(file, count);
  const present = await readAll(new Qcow2Image(left, null));
  expect(present.length).toBeGreaterThanOrEqual(flushed.length);
  for (let sector = 0; sector < flushed.length / 512; sector++) {
    const bytes = present.subarray(sector * 512, sector * 512 + 512);
    if (bytes.equals(flushed.subarray(sector * 512, sector * 512 + 512))) continue;
    const others = later.get(sector) ?? [];
    if (!others.some((other) => bytes.equals(other))) {
      throw new Error(`sector ${sector} holds neither what was flushed nor what was written since`);
    }
  }
  return left;
}

type Failure = 'kill' | 'power failure';

/** Which writes since the last sync survive. */
function survivors(failure: Failure, coins: Iterator<boolean>): (index: number) => boolean {
  return () => failure === 'kill' || coins.next().value === true;
}

/** Events from which on the image is there. */
function firstMoment(file: RecordingFile): number {
  return file.events.findIndex(({ kind }) => kind === 'note') + 1;
}

describe('a qcow2 image that is cut off', { timeout: 240_000 }, () => {
  for (const failure of ['kill', 'power failure'] as const) {
    for (const clusterBytes of [512, 4096]) {
      it(`by a ${failure}, at every moment, is whole: clusters of ${clusterBytes}`, async () => {
        using folder = new ScratchFolder();
        const path = folder.file('disk.qcow2');
        await fc.assert(
          fc.asyncProperty(
            steps(14),
            fc.nat(999_999),
            fc.infiniteStream(fc.boolean()),
            async (history, shown, coins) => {
              const file = new RecordingFile();
              await live(file, clusterBytes, history, coins);
              const first = firstMoment(file);
              const moments = file.events.length + 1 - first;
              for (let moment = 0; moment < moments; moment++) {
                const left = await checkAfter(file, first + moment, survivors(failure, coins));
                if (moment !== Math.floor((shown / 1_000_000) * moments)) continue;
                writeFileSync(path, left.bytes);
                expect(['clean', 'leaks']).toContain(qemuCheck(path));
              }
            },
          ),
          { numRuns: 30 },
        );
      });
    }

    it(`by a ${failure} while its refcount table moves is whole`, async () => {
      using folder = new ScratchFolder();
      const path = folder.file('disk.qcow2');
      const file = new RecordingFile();
      writeImage(file, { bytes: 12 * 2 ** 20, clusterBytes: 512 });
      const image = new Qcow2Image(file, null);
      for (let at = 0; at < 12 * 2 ** 20; at += 2 ** 18) {
        const bytes = content(at / 512, 512, 77);
        await settled((done) => image.write(at, [bytes], done));
        if (at % 2 ** 20 === 0) await settled((done) => image.flush(done));
      }
      const isMove = (event: RecordedEvent): boolean =>
        event.kind === 'write' && event.offset === 48;
      const moved = file.events.findIndex(isMove);
      expect(moved).toBeGreaterThan(0);
      const [coins] = fc.sample(fc.infiniteStream(fc.boolean()), 1);
      for (let count = moved - 6; count < moved + 12; count++) {
        const left = file.after(count, survivors(failure, coins!));
        expect(uncountedClusters(left)).toEqual([]);
        writeFileSync(path, left.bytes);
        expect(['clean', 'leaks']).toContain(qemuCheck(path));
      }
    });
  }
});
