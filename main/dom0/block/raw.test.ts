import { closeSync, openSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settled } from './done.ts';
import { DescriptorFile } from './files/descriptor-file.ts';
import { RawImage } from './raw.ts';
import { ScratchFolder } from './testing/scratch-folder.ts';

const MIB = 2 ** 20;

/** Opens it, uses it, closes it; what the file holds and takes afterwards is the test's to see. */
async function withImage(path: string, use: (image: RawImage) => Promise<void>): Promise<void> {
  const fd = openSync(path, 'r+');
  try {
    const image = new RawImage(new DescriptorFile(fd, 'test', false));
    await use(image);
    await settled((done) => image.close(done));
  } finally {
    closeSync(fd);
  }
}

describe('a raw disk', () => {
  it('stays sparse when zeros are written into holes, and is cleared where there is data', async () => {
    using folder = new ScratchFolder();
    const path = folder.file('disk.raw');
    writeFileSync(path, new Uint8Array(MIB).fill(7));
    truncateSync(path, 16 * MIB);
    const before = statSync(path).blocks;
    await withImage(path, (image) =>
      settled((done) => image.write(0, [new Uint8Array(16 * MIB)], done)),
    );
    expect(statSync(path).blocks).toBe(before);
    expect(statSync(path).size).toBe(16 * MIB);
    expect(readFileSync(path).every((byte) => byte === 0)).toBe(true);
  });

  it('has a whole last sector where its file has half of one', async () => {
    using folder = new ScratchFolder();
    const path = folder.file('disk.raw');
    writeFileSync(path, new Uint8Array(700).fill(9));
    await withImage(path, async (image) => {
      expect(image.bytes).toBe(1024);
      const sector = new Uint8Array(512).fill(1);
      await settled((done) => image.read(512, [sector], done));
      expect([sector[187], sector[188], sector[511]]).toEqual([9, 0, 0]);
    });
  });

  it('grows with a hole, and does not shrink', async () => {
    using folder = new ScratchFolder();
    const path = folder.file('disk.raw');
    writeFileSync(path, new Uint8Array(4096).fill(3));
    await withImage(path, async (image) => {
      await settled((done) => image.resize(4 * MIB, done));
      expect(image.bytes).toBe(4 * MIB);
      await expect(settled((done) => image.resize(MIB, done))).rejects.toMatchObject({
        code: 'disk.cannot-shrink',
      });
    });
    expect(statSync(path).size).toBe(4 * MIB);
    expect(statSync(path).blocks).toBe(8);
  });

  it('refuses to be written when it is for reading', async () => {
    using folder = new ScratchFolder();
    const path = folder.file('disk.raw');
    writeFileSync(path, new Uint8Array(4096));
    const fd = openSync(path, 'r');
    const image = new RawImage(new DescriptorFile(fd, 'golden', true));
    await expect(
      settled((done) => image.write(0, [new Uint8Array(512).fill(1)], done)),
    ).rejects.toMatchObject({ code: 'disk.read-only', data: { disk: 'golden' } });
    closeSync(fd);
  });

  it('is no directory, pipe or terminal', () => {
    const fd = openSync('/dev/null', 'r');
    expect(() => new DescriptorFile(fd, 'null', true)).toThrow(/no file and no block device/);
    closeSync(fd);
  });

  it('holds what an array holds that is written in the same way', async () => {
    const sectors = 64;
    const step = fc.record({
      at: fc.nat(sectors - 1),
      lengths: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 3 }),
      byte: fc.constantFrom(0, 1, 255),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        using folder = new ScratchFolder();
        const path = folder.file('disk.raw');
        writeFileSync(path, '');
        truncateSync(path, sectors * 512);
        const model = new Uint8Array(sectors * 512);
        await withImage(path, async (image) => {
          for (const { at, lengths, byte } of steps) {
            let room = sectors - at;
            const source = lengths.flatMap((length) => {
              const count = Math.min(length, room);
              room -= count;
              return count > 0 ? [new Uint8Array(count * 512).fill(byte)] : [];
            });
            model.fill(byte, at * 512, (sectors - room) * 512);
            await settled((done) => image.write(at * 512, source, done));
            const read = [new Uint8Array(3 * 512), new Uint8Array((sectors - 3) * 512)];
            await settled((done) => image.read(0, read, done));
            expect(Buffer.concat(read).equals(model)).toBe(true);
          }
        });
        expect(readFileSync(path).equals(model)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
