/** Images go to and fro between QEMU's tools and ours. */
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { BackingImage, DiskImage } from '../disk-image.ts';
import { settled } from '../done.ts';
import { DescriptorFile } from '../files/descriptor-file.ts';
import { openDisk } from '../open-disk.ts';
import type { DiskFile } from '../service/disk-service.contract.ts';
import { content, readAll } from '../testing/disk-model.ts';
import { qemuCheck, qemuImg, qemuIo } from '../testing/qemu-img.ts';
import { ScratchFolder } from '../testing/scratch-folder.ts';
import { createQcow2, describeQcow2 } from './create.ts';
import type { NewQcow2 } from './create.ts';
import { Qcow2Image } from './qcow2-image.ts';

const KIB = 1024;
const MIB = 2 ** 20;

async function withDisk<T>(
  chain: readonly (readonly [path: string, format: 'raw' | 'qcow2'])[],
  readOnly: boolean,
  use: (disk: DiskImage) => Promise<T>,
): Promise<T> {
  const files = chain.map(([path, format], index): DiskFile => {
    const fd = openSync(path, index === 0 && !readOnly ? 'r+' : 'r');
    return { fd, format, label: `file ${index}` };
  });
  try {
    const disk = await openDisk({ kind: 'files', chain: files }, readOnly);
    const result = await use(disk);
    await settled((done) => disk.close(done));
    return result;
  } finally {
    for (const { fd } of files) closeSync(fd);
  }
}

function create(path: string, image: NewQcow2): void {
  const fd = openSync(path, 'w+');
  createQcow2(fd, 'new', image);
  closeSync(fd);
}

/** What QEMU reads from it. */
function converted(folder: ScratchFolder, path: string): Buffer {
  const raw = folder.file('converted.raw');
  qemuImg('convert', '-f', 'qcow2', '-O', 'raw', path, raw);
  return readFileSync(raw);
}

/** Data, zeros and what compresses, irregularly. */
function sample(bytes: number): Buffer {
  const sectors = bytes / 512;
  const sample = Buffer.alloc(bytes);
  for (let at = 0, turn = 1; at < sectors; turn++) {
    const length = Math.min(sectors - at, (turn * 37) % 300);
    if (turn % 3 !== 0) sample.set(content(at, length, turn & 255), at * 512);
    at += length + 1;
  }
  return sample;
}

describe('qcow2 images that QEMU made', () => {
  for (const compat of ['0.10', '1.1']) {
    for (const cluster of ['512', '4k', '64k', '2M']) {
      for (const compressed of [false, true]) {
        const name = `compat ${compat}, clusters of ${cluster}${compressed ? ', compressed' : ''}`;
        it(`are read and written: ${name}`, async () => {
          using folder = new ScratchFolder();
          const raw = folder.file('sample.raw');
          const path = folder.file('disk.qcow2');
          const expected = sample(5 * MIB + 512);
          writeFileSync(raw, expected);
          const options = `compat=${compat},cluster_size=${cluster}`;
          const flags = compressed ? ['-c'] : [];
          qemuImg('convert', ...flags, '-f', 'raw', '-O', 'qcow2', '-o', options, raw, path);
          await withDisk([[path, 'qcow2']], false, async (disk) => {
            expect((await readAll(disk)).equals(expected)).toBe(true);
            for (const [at, sectors] of [
              [3, 1],
              [1000, 700],
              [10_240, 1],
              [6000, 128],
            ] as const) {
              const data = content(at, sectors, 99);
              expected.set(data, at * 512);
              await settled((done) => disk.write(at * 512, [data], done));
            }
            expect((await readAll(disk)).equals(expected)).toBe(true);
          });
          expect(qemuCheck(path)).toBe('clean');
          expect(converted(folder, path).equals(expected)).toBe(true);
        });
      }
    }
  }

  it('are read and written when their clusters are zeros by a flag', async () => {
    using folder = new ScratchFolder();
    const path = folder.file('disk.qcow2');
    qemuImg('create', '-f', 'qcow2', path, '4M');
    qemuIo(path, 'write -P 5 0 2M', 'write -z 64k 192k', 'write -z -u 512k 64k');
    const expected = Buffer.alloc(4 * MIB);
    expected
      .fill(5, 0, 2 * MIB)
      .fill(0, 64 * KIB, 256 * KIB)
      .fill(0, 512 * KIB, 576 * KIB);
    await withDisk([[path, 'qcow2']], false, async (disk) => {
      expect((await readAll(disk)).equals(expected)).toBe(true);
      for (const at of [70 * KIB, 540 * KIB]) {
        expected.fill(6, at, at + 512);
        await settled((done) => disk.write(at, [new Uint8Array(512).fill(6)], done));
      }
    });
    expect(qemuCheck(path)).toBe('clean');
    expect(converted(folder, path).equals(expected)).toBe(true);
  });

  it('are overlays over overlays over raw files, larger and smaller', async () => {
    using folder = new ScratchFolder();
    const raw = folder.file('base.raw');
    const middle = folder.file('middle.qcow2');
    const top = folder.file('top.qcow2');
    const base = sample(3 * MIB);
    writeFileSync(raw, base);
    qemuImg('create', '-f', 'qcow2', '-b', raw, '-F', 'raw', middle, '2M');
    qemuIo(middle, 'write -P 7 100k 200k');
    qemuImg(
      'create',
      '-f',
      'qcow2',
      '-b',
      middle,
      '-F',
      'qcow2',
      '-o',
      'cluster_size=4k',
      top,
      '4M',
    );
    qemuIo(top, 'write -z 1M 64k');
    const expected = Buffer.alloc(4 * MIB);
    base.copy(expected, 0, 0, 2 * MIB);
    expected.fill(7, 100 * KIB, 300 * KIB).fill(0, MIB, MIB + 64 * KIB);
    const chain = [
      [top, 'qcow2'],
      [middle, 'qcow2'],
      [raw, 'raw'],
    ] as const;
    await withDisk(chain, false, async (disk) => {
      expect((await readAll(disk)).equals(expected)).toBe(true);
      expected.fill(8, 2 * MIB - 512, 2 * MIB + 512);
      await settled((done) => disk.write(2 * MIB - 512, [new Uint8Array(1024).fill(8)], done));
      // What was written over the image beneath is discarded, and what is beneath stays hidden.
      const data = new Uint8Array(512 * KIB).fill(10);
      await settled((done) => disk.write(512 * KIB, [data], done));
      expected.fill(0, 512 * KIB, 1024 * KIB);
      await settled((done) => disk.discard(512 * KIB, 512 * KIB, done));
    });
    expect(qemuCheck(top)).toBe('clean');
    expect(converted(folder, top).equals(expected)).toBe(true);
    expect(readFileSync(raw).equals(base)).toBe(true);
  });
});

describe('qcow2 images made here', () => {
  for (const clusterBytes of [512, 4096, 65_536, 2 ** 21]) {
    it(`are whole to QEMU, before and after it wrote to them: clusters of ${clusterBytes}`, async () => {
      using folder = new ScratchFolder();
      const path = folder.file('disk.qcow2');
      create(path, { bytes: 6 * MIB, clusterBytes });
      expect(qemuCheck(path)).toBe('clean');
      const expected = sample(6 * MIB);
      await withDisk([[path, 'qcow2']], false, (disk) =>
        settled((done) => disk.write(0, [expected], done)),
      );
      expect(qemuCheck(path)).toBe('clean');
      expect(converted(folder, path).equals(expected)).toBe(true);
      qemuIo(path, 'write -P 9 1M 100k', 'write -z 2M 1M');
      expected.fill(9, MIB, MIB + 100 * KIB).fill(0, 2 * MIB, 3 * MIB);
      await withDisk([[path, 'qcow2']], true, async (disk) => {
        expect((await readAll(disk)).equals(expected)).toBe(true);
      });
    });
  }

  it('grow, by tables that move as well', async () => {
    using folder = new ScratchFolder();
    const path = folder.file('disk.qcow2');
    create(path, { bytes: 64 * KIB, clusterBytes: 512 });
    const expected = Buffer.alloc(40 * MIB);
    await withDisk([[path, 'qcow2']], false, async (disk) => {
      for (const mib of [1, 16, 40]) {
        const start = disk.bytes;
        await settled((done) => disk.resize(mib * MIB, done));
        expected.fill(mib, start, mib * MIB);
        const data = expected.subarray(start, mib * MIB);
        await settled((done) => disk.write(start, [data], done));
      }
      expect(disk.bytes).toBe(40 * MIB);
      await expect(settled((done) => disk.resize(MIB, done))).rejects.toMatchObject({
        code: 'disk.cannot-shrink',
      });
    });
    expect(qemuCheck(path)).toBe('clean');
    expect(converted(folder, path).equals(expected)).toBe(true);
  });

  it('are overlays that QEMU finds what they are made over', async () => {
    using folder = new ScratchFolder();
    const base = folder.file('base.qcow2');
    const top = folder.file('top.qcow2');
    create(base, { bytes: MIB });
    qemuIo(base, 'write -P 3 0 1M');
    create(top, { bytes: 2 * MIB, backing: { name: 'base.qcow2', format: 'qcow2' } });
    const chain = [
      [top, 'qcow2'],
      [base, 'qcow2'],
    ] as const;
    await withDisk(chain, false, (disk) =>
      settled((done) => disk.write(512 * KIB, [new Uint8Array(512).fill(4)], done)),
    );
    const expected = Buffer.alloc(2 * MIB)
      .fill(3, 0, MIB)
      .fill(4, 512 * KIB, 512 * KIB + 512);
    expect(qemuCheck(top)).toBe('clean');
    expect(converted(folder, top).equals(expected)).toBe(true);
    const fd = openSync(top, 'r');
    expect(describeQcow2(fd, 'top')).toMatchObject({
      version: 3,
      bytes: 2 * MIB,
      backing: { name: 'base.qcow2', format: 'qcow2' },
    });
    closeSync(fd);
    await expect(withDisk([[top, 'qcow2']], true, readAll)).rejects.toThrow(/"base\.qcow2"/);
  });

  it('stay small when zeros are written, and use again what was discarded', async () => {
    using folder = new ScratchFolder();
    const path = folder.file('disk.qcow2');
    create(path, { bytes: 64 * MIB });
    const empty = readFileSync(path).length;
    await withDisk([[path, 'qcow2']], false, async (disk) => {
      await settled((done) => disk.write(0, [new Uint8Array(32 * MIB)], done));
      await settled((done) => disk.flush(done));
      expect(readFileSync(path).length).toBe(empty);
      for (let turn = 1; turn <= 8; turn++) {
        const data = new Uint8Array(4 * MIB).fill(turn);
        await settled((done) => disk.write(turn * 4 * MIB, [data], done));
        await settled((done) => disk.discard(turn * 4 * MIB, 4 * MIB, done));
        await settled((done) => disk.flush(done));
      }
    });
    expect(readFileSync(path).length).toBeLessThan(empty + 9 * MIB);
    expect(qemuCheck(path)).toBe('clean');
  });
});

describe('qcow2 images that cannot be used', () => {
  const refused: [title: string, options: string, message: RegExp][] = [
    ['with an external data file', 'data_file=other.raw', /external data file/],
    ['with extended L2 entries', 'extended_l2=on', /extended L2 entries/],
    ['with counts of other widths', 'refcount_bits=1', /have 1 bits/],
  ];
  for (const [title, options, message] of refused) {
    it(`are refused with a sentence: ${title}`, () => {
      using folder = new ScratchFolder();
      const path = folder.file('disk.qcow2');
      qemuImg(
        'create',
        '-q',
        '-f',
        'qcow2',
        '-o',
        options.replace('other', folder.file('other')),
        path,
        '1M',
      );
      expect(() => open(path, null)).toThrow(message);
    });
  }

  it('are refused for writing when they have snapshots, and read', async () => {
    using folder = new ScratchFolder();
    const path = folder.file('disk.qcow2');
    qemuImg('create', '-f', 'qcow2', path, '1M');
    qemuIo(path, 'write -P 1 0 64k');
    qemuImg('snapshot', '-c', 'first', path);
    expect(() => open(path, null)).toThrow(/snapshots inside/);
    await withDisk([[path, 'qcow2']], true, async (disk) => {
      expect((await readAll(disk))[65_535]).toBe(1);
    });
  });

  function open(path: string, backing: BackingImage | null): Qcow2Image {
    const fd = openSync(path, 'r+');
    try {
      return new Qcow2Image(new DescriptorFile(fd, 'refused', false), backing);
    } finally {
      closeSync(fd);
    }
  }
});
