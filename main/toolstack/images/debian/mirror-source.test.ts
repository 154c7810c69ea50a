import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Key, PrivateKey } from 'openpgp';
import { SmallMirror, throwAwayKey, type SuiteContents } from '../testing/small-mirror.ts';
import { MirrorSource } from './mirror-source.ts';
import type { PackageListing } from './source.ts';
import { parseMirror, suites } from './suite.ts';

let key: PrivateKey;
let publicKey: Key;
let folder: string;
let mirror: SmallMirror;

const tool = (version: string): SuiteContents['packages'] => [
  { name: 'tool', version, architecture: 'i386', files: [{ path: './bin/tool', data: version }] },
];

beforeAll(async () => {
  ({ key, publicKey } = await throwAwayKey());
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'domus-mirror-'));
  mirror = await SmallMirror.start();
  await mirror.publish({ name: 'bookworm', archive: 'debian', packages: tool('1'), key });
  await mirror.publish({
    name: 'bookworm-security',
    archive: 'debian-security',
    packages: tool('2'),
    key,
  });
});

afterEach(async () => {
  await mirror[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function source(keys = [publicKey], now?: Date): MirrorSource {
  const address = parseMirror(mirror.address);
  if (address === undefined) throw new Error('the test mirror has no address');
  return new MirrorSource({
    mirror: address,
    suites,
    keys,
    workDirectory: join(folder, 'work'),
    ...(now ? { now: () => now } : {}),
  });
}

const list = (from = source()): Promise<PackageListing> => from.list((name) => name === 'tool', {});
const code = (value: string): unknown => expect.objectContaining({ code: value });

/** Replaces what the mirror serves at the one path that matches. */
function spoil(path: RegExp, change: (data: Buffer) => Buffer | undefined): void {
  const found = mirror.find(path);
  const changed = change(mirror.files.get(found) ?? Buffer.alloc(0));
  if (changed === undefined) mirror.files.delete(found);
  else mirror.files.set(found, changed);
}

function flipByte(data: Buffer, at = data.length >> 1): Buffer {
  const copy = Buffer.from(data);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}

const mainRelease = /debian\/dists\/bookworm\/InRelease/;
const mainPackages = /debian\/dists\/bookworm\/.*Packages/;

describe('a mirror over HTTP', () => {
  it('lists the packages of all suites and hands over their bytes', async () => {
    const from = source();
    const { records, warnings } = await list(from);
    expect(warnings).toEqual([]);
    expect(records.map(({ version, suite }) => [version, suite])).toEqual([
      ['1', 'bookworm'],
      ['2', 'bookworm-security'],
    ]);
    for (const record of records) {
      const path = await from.download(record, folder, {});
      expect((await readFile(path)).length).toBe(record.sizeBytes);
    }
  });

  it('takes an index by its hash where the archive offers that', async () => {
    const fields = { 'Acquire-By-Hash': 'yes' };
    await mirror.publish({ name: 'bookworm', archive: 'debian', packages: tool('1'), key, fields });
    spoil(mainPackages, (data) => {
      const release = mirror.files.get(mirror.find(mainRelease))?.toString() ?? '';
      const [, sum = ''] = /([0-9a-f]{64}) \d+ \S+\.gz/.exec(release) ?? [];
      const folderPath = mirror.find(mainPackages).replace(/Packages.*/, '');
      mirror.files.set(`${folderPath}by-hash/SHA256/${sum}`, data);
      return Buffer.from('an index of the next update');
    });
    expect((await list()).warnings).toEqual([]);
  });

  it('refuses a release that another key signed', async () => {
    const { publicKey: stranger } = await throwAwayKey();
    await expect(list(source([stranger]))).rejects.toThrow(code('image.bad-signature'));
    await expect(list(source([stranger, publicKey]))).resolves.toBeDefined();
  });

  it('refuses a release that was changed after it was signed', async () => {
    spoil(mainRelease, (data) =>
      Buffer.from(data.toString().replace('Origin: Test', 'Origin: Best')),
    );
    await expect(list()).rejects.toThrow(code('image.bad-signature'));
  });

  it('uses nothing that stands outside the signed text', async () => {
    const forged = `Suite: bookworm\nSHA256:\n ${'0'.repeat(64)} 1 main/binary-i386/Packages.xz\n\n`;
    spoil(mainRelease, (data) => Buffer.concat([Buffer.from(forged), data, Buffer.from(forged)]));
    await expect(list()).resolves.toMatchObject({ records: [{ version: '1' }, { version: '2' }] });
  });

  it('refuses a release without a signature', async () => {
    spoil(mainRelease, () => Buffer.from('Suite: bookworm\nSHA256:\n'));
    await expect(list()).rejects.toThrow(code('image.bad-signature'));
  });

  it('refuses the release of another suite, however well signed', async () => {
    const other = mirror.files.get(mirror.find(/bookworm-security\/InRelease/));
    spoil(mainRelease, () => other);
    await expect(list()).rejects.toThrow(code('image.bad-index'));
  });

  it('refuses a release past its Valid-Until, and one from the future', async () => {
    const until = new Date(Date.now() - 60_000).toUTCString().replace('GMT', 'UTC');
    const fields = { 'Valid-Until': until };
    await mirror.publish({ name: 'bookworm', archive: 'debian', packages: tool('1'), key, fields });
    await expect(list()).rejects.toThrow(code('image.release-expired'));
    const early = { Date: new Date(Date.now() + 86_400_000).toUTCString() };
    await mirror.publish({
      name: 'bookworm',
      archive: 'debian',
      packages: tool('1'),
      key,
      fields: early,
    });
    await expect(list()).rejects.toThrow(code('image.release-expired'));
  });

  it('leaves out a suite beside the main one that it cannot trust, and says so', async () => {
    const fields = { 'Valid-Until': 'Wed, 01 Jan 2025 00:00:00 UTC' };
    const packages = tool('2');
    const name = 'bookworm-security';
    await mirror.publish({ name, archive: 'debian-security', packages, key, fields });
    const { records, warnings } = await list();
    expect(records.map(({ suite }) => suite)).toEqual(['bookworm']);
    expect(warnings).toEqual([
      expect.stringMatching(/bookworm-security was left out.*valid until/),
    ]);
  });

  it.each([
    ['changed', (data: Buffer) => flipByte(data), 'image.hash-mismatch'],
    ['too short', (data: Buffer) => data.subarray(0, -1), 'image.hash-mismatch'],
    ['too long', (data: Buffer) => Buffer.concat([data, Buffer.alloc(1)]), 'image.hash-mismatch'],
    ['another one', () => gzipSync('Package: tool\n'), 'image.hash-mismatch'],
    ['missing', () => undefined, 'image.not-found'],
  ])('refuses an index that is %s', async (_, change, expected) => {
    spoil(mainPackages, change);
    await expect(list()).rejects.toThrow(code(expected));
  });

  it.each([
    ['changed', (data: Buffer) => flipByte(data), 'image.hash-mismatch'],
    ['truncated', (data: Buffer) => data.subarray(0, data.length >> 1), 'image.hash-mismatch'],
    ['missing', () => undefined, 'image.not-found'],
  ])('refuses a package that is %s and leaves no file', async (_, change, expected) => {
    const from = source();
    const [record] = (await list(from)).records;
    if (record === undefined) throw new Error('no record');
    spoil(/\/debian\/pool/, change);
    await expect(from.download(record, folder, {})).rejects.toThrow(code(expected));
    await expect(readFile(join(folder, 'tool_i386.deb'))).rejects.toThrow('ENOENT');
  });

  it('says what to do when nobody answers', async () => {
    const from = source();
    await mirror[Symbol.asyncDispose]();
    await expect(list(from)).rejects.toThrow(code('image.network'));
    mirror = await SmallMirror.start();
  });

  it('stops when it is cancelled', async () => {
    const stop = source().list(() => true, { signal: AbortSignal.abort() });
    await expect(stop).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});

describe('parseMirror', () => {
  it('takes the address with or without a slash at the end', () => {
    const expected = {
      main: 'http://m.example/debian',
      security: 'http://m.example/debian-security',
    };
    expect(parseMirror('http://m.example/debian')).toEqual(expected);
    expect(parseMirror('http://m.example/debian/')).toEqual(expected);
  });

  it.each([
    '',
    'm.example/debian',
    'file:///etc',
    'ftp://m.example/debian',
    'http://m/?x',
    'http://',
  ])('takes "%s" for none', (address) => {
    expect(parseMirror(address)).toBeUndefined();
  });
});
