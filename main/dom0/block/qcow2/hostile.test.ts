/** Every byte of a file is somebody else's: whatever it says, there is an answer, soon. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DomusError } from '../../../../shared/errors.ts';
import { settled } from '../done.ts';
import { MemoryFile } from '../testing/memory-file.ts';
import { RawImage } from '../raw.ts';
import { content } from '../testing/disk-model.ts';
import { writeImage } from './create.ts';
import { Qcow2Image } from './qcow2-image.ts';
import { EntryHigh, Header, Incompatible } from './qcow2.abi.ts';

const CLUSTER = 4096;
const BYTES = 400 * CLUSTER;

/** An overlay with data in it: header, refcount table, refcount block, L1 table, L2 table, data. */
async function sampleFile(): Promise<Uint8Array> {
  const file = new MemoryFile();
  writeImage(file, {
    bytes: BYTES,
    clusterBytes: CLUSTER,
    backing: { name: 'base.raw', format: 'raw' },
  });
  const image = new Qcow2Image(file, base());
  await settled((done) => image.write(0, [content(0, 400, 5)], done));
  await settled((done) => image.close(done));
  return file.bytes.slice();
}

function base(): RawImage {
  const file = new MemoryFile();
  file.extend(BYTES);
  return new RawImage(file);
}

function fileOf(bytes: Uint8Array): MemoryFile {
  const file = new MemoryFile();
  file.write(0, [bytes]);
  return file;
}

/** Everything that can be asked; errors are answers. */
async function useAll(file: MemoryFile, readOnly: boolean): Promise<void> {
  file.readOnly = readOnly;
  const answers = async (work: Promise<void>): Promise<void> => {
    await work.catch((error: unknown) => {
      if (!(error instanceof DomusError) || !error.code.startsWith('disk.')) throw error;
      if (error.message.includes('the request failed')) throw error; // a bug that was caught
    });
  };
  let image: Qcow2Image;
  try {
    image = new Qcow2Image(file, base());
  } catch (error) {
    return answers(Promise.reject(error as Error));
  }
  const bytes = Math.min(image.bytes, 2 * BYTES);
  if (bytes > 0) {
    await answers(settled((done) => image.read(0, [new Uint8Array(bytes)], done)));
    const data = new Uint8Array(Math.min(bytes, 20 * CLUSTER)).fill(9);
    await answers(settled((done) => image.write(0, [data], done)));
    await answers(settled((done) => image.discard(0, image.bytes, done)));
    await answers(settled((done) => image.write(bytes - 512, [data.subarray(0, 512)], done)));
  }
  await answers(settled((done) => image.resize(image.bytes + 512 * CLUSTER, done)));
  await answers(settled((done) => image.close(done)));
}

describe('a qcow2 file of somebody else', () => {
  it('is answered whatever single fields of its tables say', async () => {
    const sample = await sampleFile();
    const words = Math.floor((6 * CLUSTER) / 4);
    const value = fc.oneof(
      fc.constantFrom(0, 1, 2, 9, 21, 31, 0x7fffffff, 0x80000000, 0xffffffff, CLUSTER, 0x40000000),
      fc.nat(0xffffffff),
    );
    // The header and the beginning of each table are where things are.
    const place = fc.oneof(
      fc.nat(40),
      fc.tuple(fc.nat(5), fc.nat(20)).map(([table, word]) => (table * CLUSTER) / 4 + word),
      fc.nat(words - 1),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(place, value), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (changes, readOnly) => {
          const bytes = sample.slice();
          const view = new DataView(bytes.buffer);
          for (const [word, changed] of changes) view.setUint32(word * 4, changed);
          const before = performance.now();
          await useAll(fileOf(bytes), readOnly);
          expect(performance.now() - before).toBeLessThan(2000);
        },
      ),
      { numRuns: 1500 },
    );
  }, 120_000);

  it('is answered when it is cut off anywhere', async () => {
    const sample = await sampleFile();
    for (let length = 0; length < sample.length; length += 509) {
      await useAll(fileOf(sample.subarray(0, length)), length % 2 === 0);
    }
  });

  it('is not written where its own tables are', async () => {
    for (const table of ['none', 'refcount table', 'refcount block', 'L1', 'L2'] as const) {
      const bytes = await sampleFile();
      const view = new DataView(bytes.buffer);
      const l2 = view.getUint32(3 * CLUSTER + 4);
      const places = { none: 0, 'refcount table': 1, 'refcount block': 2, L1: 3, L2: l2 / CLUSTER };
      view.setUint32(l2, EntryHigh.copied);
      view.setUint32(l2 + 4, places[table] * CLUSTER);
      const file = fileOf(bytes);
      const image = new Qcow2Image(file, base());
      const write = settled((done) => image.write(0, [new Uint8Array(512).fill(1)], done));
      if (table === 'none') {
        await write; // an entry without a place is one without data
        continue;
      }
      await expect(write).rejects.toMatchObject({ code: 'disk.corrupt' });
      const at = Header.incompatible + 7;
      bytes[at] = bytes[at]! | Incompatible.corrupt;
      expect(Buffer.from(file.bytes).equals(bytes)).toBe(true);
      expect(() => new Qcow2Image(file, base())).toThrow(/marked as corrupt/);
    }
  });

  it('is not written when its counts were left unfinished, and read', async () => {
    const bytes = await sampleFile();
    bytes[Header.incompatible + 7] = Incompatible.dirty;
    const file = fileOf(bytes);
    expect(() => new Qcow2Image(file, base())).toThrow(/did not end its reference counts/);
    file.readOnly = true;
    const image = new Qcow2Image(file, base());
    const sector = new Uint8Array(512);
    await settled((done) => image.read(512, [sector], done));
    expect([...sector.subarray(0, 2)]).toEqual([1, 5]);
  });
});
