import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { EventBook } from '../events/event-book.ts';
import { LogBook } from '../log/log-book.ts';
import { Store } from '../store/store.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { codeDigest } from './code-digest.ts';
import { DamagedSnapshot, readGolden, writeGolden } from './golden-file.ts';
import { goldenFileName } from './golden-key.ts';
import type { GoldenKey } from './golden-key.ts';
import { GoldenLibrary } from './golden-library.ts';

const versions = { engine: 'v86', hypervisorState: 1, stream: 's', code: 'c', kernelWords: '' };
const key: GoldenKey = { image: 'debian-6.1', maxMemoryMiB: 128, versions };
const printed = 'Linux …\r\n';
/** Translated code without pages and functions. */
const code = new SharedArrayBuffer(20);

function stream(bytes: number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(bytes);
  new Uint8Array(buffer).forEach((_, index, all) => (all[index] = index * 7));
  return buffer;
}

function library(
  folder: string,
  changes = {},
  images = [key.image],
): { golden: GoldenLibrary; events: EventBook } {
  const { store } = Store.open(join(temporaryFolder(), 'domus.db'));
  const log = new LogBook(temporaryFolder(), 'info');
  onTestFinished(() => (store.close(), log.close()));
  const events = new EventBook(store.events, log);
  const golden = new GoldenLibrary({
    folder,
    versions: { ...versions, ...changes },
    events,
    images: () => Promise.resolve(images),
    changed: () => {},
  });
  onTestFinished(() => golden.close());
  return { golden, events };
}

describe('a snapshot file', () => {
  test('reads back as it was written', async () => {
    const path = join(temporaryFolder(), 'x.golden');
    writeGolden(path, { key, printed, stream: stream(100_000), code });
    const read = await readGolden(path, key);
    expect(read?.printed).toBe(printed);
    expect(Buffer.from(read!.stream).equals(Buffer.from(stream(100_000)))).toBe(true);
    expect(Buffer.from(read!.code).equals(Buffer.from(code))).toBe(true);
  });

  test('with any byte changed, or cut anywhere, is damaged or absent, never used', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'x.golden');
    writeGolden(path, { key, printed, stream: stream(500), code });
    const bytes = readFileSync(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.boolean(), async (at, cut) => {
        const damaged = cut ? bytes.subarray(0, at) : Buffer.from(bytes);
        if (!cut) damaged[at]! ^= 0x10;
        writeFileSync(path, damaged);
        await expect(readGolden(path, key)).rejects.toBeInstanceOf(DamagedSnapshot);
      }),
    );
  });

  test('of another key is none', async () => {
    const path = join(temporaryFolder(), 'x.golden');
    writeGolden(path, { key, printed, stream: stream(10), code });
    expect(await readGolden(path, { ...key, maxMemoryMiB: 256 })).toBeNull();
    const other = { ...key, versions: { ...versions, code: 'changed' } };
    expect(await readGolden(path, other)).toBeNull();
  });
});

describe('the library of snapshots', () => {
  test('builds a missing one once, however many ask', async () => {
    const { golden } = library(temporaryFolder());
    let builds = 0;
    const build = () => {
      builds++;
      return Promise.resolve({ printed, stream: stream(10), code });
    };
    const asked = golden.key('debian-6.1', 128);
    const all = await Promise.all([1, 2, 3].map(() => golden.obtain(asked, build)));
    expect(builds).toBe(1);
    expect(new Set(all.map(({ stream }) => stream)).size).toBe(1);
    expect(golden.classes('debian-6.1')).toEqual([128]);
  });

  test('of one home serves another', async () => {
    const folder = temporaryFolder();
    const build = () => Promise.resolve({ printed, stream: stream(10), code });
    await library(folder).golden.obtain(key, build);
    const fail = () => Promise.reject(new Error('must not build'));
    await expect(library(folder).golden.obtain(key, fail)).resolves.toMatchObject({ printed });
  });

  test('two processes build the same one once', async () => {
    const folder = temporaryFolder();
    let builds = 0;
    const build = async () => {
      builds++;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { printed, stream: stream(10), code };
    };
    const [one, other] = [library(folder).golden, library(folder).golden];
    await Promise.all([one.obtain(key, build), other.obtain(key, build)]);
    expect(builds).toBe(1);
  });

  test('sets a damaged one aside, says so, and builds anew', async () => {
    const folder = temporaryFolder();
    const build = () => Promise.resolve({ printed, stream: stream(10), code });
    await library(folder).golden.obtain(key, build);
    const path = join(folder, goldenFileName(key));
    writeFileSync(path, readFileSync(path).subarray(0, 60));
    const { golden, events } = library(folder);
    await golden.obtain(key, build);
    expect(readdirSync(folder)).toContain(`${goldenFileName(key)}.corrupt`);
    const told: string[] = [];
    for await (const event of events.read({})) told.push(event.kind);
    expect(told).toEqual(['golden.set-aside']);
  });

  test('does not use what another version made', async () => {
    const folder = temporaryFolder();
    const build = () => Promise.resolve({ printed, stream: stream(10), code });
    await library(folder).golden.obtain(key, build);
    const { golden } = library(folder, { code: 'changed' });
    expect(golden.classes('debian-6.1')).toEqual([]);
    expect(await golden.find(golden.key('debian-6.1', 128))).toBeNull();
    // Nor when its file is given the right name.
    const asked = golden.key('debian-6.1', 128);
    renameSync(join(folder, goldenFileName(key)), join(folder, goldenFileName(asked)));
    expect(await golden.find(asked)).toBeNull();
  });

  test('a build that fails fails all who waited, and can be tried again', async () => {
    const { golden } = library(temporaryFolder());
    const fail = () => Promise.reject(new Error('no boot'));
    const waiting = [golden.obtain(key, fail), golden.obtain(key, fail)];
    for (const one of waiting) await expect(one).rejects.toThrow('no boot');
    const build = () => Promise.resolve({ printed, stream: stream(10), code });
    await expect(golden.obtain(key, build)).resolves.toMatchObject({ printed });
  });
});

describe('what is removed when a new snapshot is kept', () => {
  const build = () => Promise.resolve({ printed, stream: stream(10), code });
  const snapshots = (folder: string) =>
    readdirSync(folder).filter((name) => /golden(\.corrupt|\.\d+\.\d+\.tmp)?$/.test(name));
  /** As if it had been read last two hours ago. */
  function age(folder: string, ...names: string[]): void {
    const then = new Date(Date.now() - 2 * 60 * 60_000);
    for (const name of names) utimesSync(join(folder, name), then, then);
  }
  /** A snapshot of another version, whose program has ended. */
  async function leftBehind(folder: string, image = key.image): Promise<string> {
    const { golden } = library(folder, { code: 'old' }, [key.image, image]);
    const asked = golden.key(image, 128);
    await golden.obtain(asked, build);
    golden.close();
    return goldenFileName(asked);
  }

  test('a superseded one, with its lock, and what was set aside or half written of it', async () => {
    const folder = temporaryFolder();
    const old = await leftBehind(folder);
    const halfWritten = `.${old}.4711.0.tmp`;
    for (const name of [halfWritten, `${old}.corrupt`]) writeFileSync(join(folder, name), 'x');
    age(folder, old, halfWritten, `${old}.corrupt`);
    await library(folder).golden.obtain(key, build);
    expect(snapshots(folder)).toEqual([goldenFileName(key)]);
    expect(readdirSync(folder)).not.toContain(`${old}.lock`);
  });

  test('nothing that another running program uses, until that ends', async () => {
    const folder = temporaryFolder();
    const other = library(folder, { code: 'other' }).golden;
    const theirs = other.key(key.image, 128);
    await other.obtain(theirs, build);
    age(folder, goldenFileName(theirs));
    const { golden } = library(folder);
    await golden.obtain(key, build);
    expect(snapshots(folder)).toContain(goldenFileName(theirs));
    other.close();
    await golden.obtain(golden.key(key.image, 256), build);
    expect(snapshots(folder)).not.toContain(goldenFileName(theirs));
  });

  test('nothing that a process of this version uses, nor what was read lately', async () => {
    const folder = temporaryFolder();
    const old = await leftBehind(folder);
    const { golden } = library(folder);
    await golden.obtain(golden.key(key.image, 256), build);
    const other = goldenFileName(golden.key(key.image, 256));
    age(folder, other);
    await golden.obtain(key, build);
    expect(new Set(snapshots(folder))).toEqual(new Set([old, other, goldenFileName(key)]));
  });

  test('those of images that are gone, of any version and age', async () => {
    const folder = temporaryFolder();
    await leftBehind(folder, 'debian-6.0');
    await library(folder).golden.obtain({ ...key, image: 'debian-5.10' }, build);
    await library(folder).golden.obtain(key, build);
    expect(snapshots(folder)).toEqual([goldenFileName(key)]);
  });

  test('with an image go all its snapshots, and no others', async () => {
    const folder = temporaryFolder();
    await leftBehind(folder);
    const { golden } = library(folder, {}, [key.image, 'mine']);
    await golden.obtain(key, build);
    await golden.obtain(golden.key('mine', 128), build);
    golden.forget(key.image);
    expect(snapshots(folder)).toEqual([goldenFileName(golden.key('mine', 128))]);
    expect(golden.classes(key.image)).toEqual([]);
    expect(await golden.find(key)).toBeNull();
  });
});

describe('the digest of the code', () => {
  test('changes with any file but tests, and not with what is no code', () => {
    const folder = temporaryFolder();
    const url = pathToFileURL(`${folder}/`);
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub', 'a.ts'), '1');
    const first = codeDigest([url]);
    writeFileSync(join(folder, 'a.test.ts'), '1');
    writeFileSync(join(folder, 'README.md'), '1');
    expect(codeDigest([url])).toBe(first);
    writeFileSync(join(folder, 'sub', 'a.ts'), '2');
    expect(codeDigest([url])).not.toBe(first);
  });
});
