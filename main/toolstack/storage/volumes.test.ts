/** Volumes with a real I/O worker; what QEMU says of the files counts. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Volume } from '../../../shared/contract/index.ts';
import { qemuCheck, qemuImg, qemuIo } from '../../dom0/block/testing/qemu-img.ts';
import { killChild, startChild } from '../testing/child.ts';
import { definition, host } from '../testing/records.ts';
import { TestStorage } from '../testing/test-storage.ts';
import { openVolume } from './open-volume.ts';
import { cloneVolume, createVolume, removeVolume, resizeVolume } from './volumes.ts';

const MIB = 2 ** 20;
const site = await TestStorage.open();
const { parts } = site;
const { storage } = parts;
const pool = storage.pools.get('default');
const at = (name: string): string => pool.folder.at(name);
const ref = (volume: string): { pool: string; volume: string } => ({ pool: 'default', volume });
const seen = async (name: string): Promise<Volume | undefined> =>
  (await parts.poolViews.all())[0]!.volumes.find((volume) => volume.name === name);

const disk = (source: string, readOnly = false) => ({
  name: 'xvda',
  source,
  format: 'qcow2' as const,
  readOnly,
  discard: true,
  onError: 'pause' as const,
  bytes: null,
});

/** A domain of this name, off, with these disks. */
function domainWith(name: string, ...disks: ReturnType<typeof disk>[]): () => void {
  if (site.store.hosts.all().length === 0) site.store.hosts.insert(host('alpha'));
  const domain = parts.domains.insert({ ...definition(name, 'alpha'), disks });
  return () => parts.domains.remove(domain);
}

describe('a new volume', () => {
  test('is qcow2 unless it is said, sparse, and QEMU has nothing against it', async () => {
    const made = await createVolume(parts, { ...ref('new'), sizeMiB: 1024 });
    expect(made).toMatchObject({ format: 'qcow2', bytes: 1024 * MIB, over: null, usedBy: [] });
    expect(made.allocatedBytes).toBeLessThan(MIB);
    expect(qemuCheck(at('new'))).toBe('clean');
    const raw = await createVolume(parts, { ...ref('new.raw'), sizeMiB: 64, format: 'raw' });
    expect(raw).toMatchObject({ format: 'raw', bytes: 64 * MIB, allocatedBytes: 0 });
    expect(statSync(at('new.raw'))).toMatchObject({ size: 64 * MIB });
    expect(readdirSync(pool.folder.workshop).sort()).toEqual(['new.json', 'new.raw.json']);
  });

  test('is made once, and needs a size and a pool', async () => {
    await createVolume(parts, { ...ref('once'), sizeMiB: 1 });
    const again = createVolume(parts, { ...ref('once'), sizeMiB: 2 });
    await expect(again).rejects.toMatchObject({ code: 'volume.exists' });
    const both = [1, 2].map((sizeMiB) => createVolume(parts, { ...ref('race'), sizeMiB }));
    expect((await Promise.allSettled(both)).map(({ status }) => status).sort()).toEqual([
      'fulfilled',
      'rejected',
    ]);
    const sizeless = createVolume(parts, ref('sizeless'));
    await expect(sizeless).rejects.toMatchObject({ code: 'volume.size-missing' });
    const nowhere = createVolume(parts, { pool: 'nowhere', volume: 'a', sizeMiB: 1 });
    await expect(nowhere).rejects.toMatchObject({ code: 'pool.unknown' });
    const huge = createVolume(parts, { ...ref('huge'), sizeMiB: 2 ** 24 });
    await expect(huge).resolves.toMatchObject({ bytes: 2 ** 44 });
    for (const name of ['once', 'race', 'huge']) await removeVolume(parts, ref(name));
    expect(existsSync(at('sizeless'))).toBe(false);
  });
});

describe('an overlay', () => {
  test('shows what it lies over, as QEMU sees it too, and has its size', async () => {
    await createVolume(parts, { ...ref('base'), sizeMiB: 16 });
    qemuIo(at('base'), 'write -P 7 1M 64k');
    const top = await createVolume(parts, { ...ref('top'), over: 'default/base' });
    expect(top).toMatchObject({ format: 'qcow2', bytes: 16 * MIB, over: 'default/base' });
    expect((await seen('base'))?.usedBy).toEqual(['volume default/top']);
    qemuIo(at('top'), 'read -P 7 1M 64k');
    expect(qemuImg('info', '--output=json', at('top'))).toContain('"backing-filename": "base"');
    expect(qemuCheck(at('top'))).toBe('clean');
    const over = await createVolume(parts, { ...ref('over'), over: 'default/top', sizeMiB: 32 });
    expect(over.bytes).toBe(32 * MIB);
    qemuIo(at('over'), 'read -P 7 1M 64k', 'read -P 0 16M 1M');
  });

  test('keeps what is beneath it: that is not deleted, resized, or opened for writing', async () => {
    await expect(removeVolume(parts, ref('base'))).rejects.toMatchObject({
      code: 'volume.has-overlays',
      message: expect.stringContaining('default/top') as string,
    });
    await expect(resizeVolume(parts, { ...ref('base'), sizeMiB: 64 })).rejects.toMatchObject({
      code: 'volume.has-overlays',
    });
    const user = storage.user('a test');
    const writing = openVolume(storage, pool, 'top', { readOnly: false, user });
    await expect(writing).rejects.toMatchObject({ code: 'volume.has-overlays' });
    const open = await openVolume(storage, pool, 'over', { readOnly: false, user });
    expect(open.chain.map(({ label }) => label)).toEqual([
      'default/over',
      'default/top',
      'default/base',
    ]);
    const second = openVolume(storage, pool, 'over', { readOnly: true, user });
    await expect(second).rejects.toMatchObject({ code: 'disk.in-use' });
    const beside = await openVolume(storage, pool, 'base', { readOnly: true, user });
    await beside.close();
    await open.close();
  });

  test.each([
    [{ over: 'default/none' }, 'volume.unknown'],
    [{ over: 'other/base' }, 'volume.bad-overlay'],
    [{ over: '/etc/passwd' }, 'volume.bad-overlay'],
    [{ over: '../base' }, 'volume.bad-overlay'],
    [{ over: 'default/base', format: 'raw' as const }, 'volume.bad-overlay'],
    [{ over: 'default/base', sizeMiB: 8 }, 'volume.too-small'],
  ])('is refused: %j', async (asked, code) => {
    const made = createVolume(parts, { ...ref('refused'), ...asked });
    await expect(made).rejects.toMatchObject({ code });
    expect(existsSync(at('refused'))).toBe(false);
  });

  test('does not lie over what a domain writes', async () => {
    await createVolume(parts, { ...ref('written'), sizeMiB: 1 });
    const forget = domainWith('web1', disk('default/written'));
    const made = createVolume(parts, { ...ref('refused'), over: 'default/written' });
    await expect(made).rejects.toMatchObject({
      code: 'volume.in-use',
      message: expect.stringContaining('web1') as string,
    });
    forget();
    await createVolume(parts, { ...ref('above'), over: 'default/written' });
  });
});

describe('a clone', () => {
  test('is whole, sparse, and in the format that is wanted', async () => {
    for (const [to, format] of [
      ['clone', 'qcow2'],
      ['clone.raw', 'raw'],
    ] as const) {
      const task = await site.done(cloneVolume(parts, { ...ref('over'), to, format }));
      const volume = Volume.parse(task.result);
      expect(volume).toMatchObject({ format, bytes: 32 * MIB, over: null });
      expect(volume.allocatedBytes).toBeLessThan(MIB);
      expect(qemuImg('compare', '-f', format, '-F', 'qcow2', at(to), at('over'))).toContain(
        'identical',
      );
    }
    expect(qemuCheck(at('clone'))).toBe('clean');
  });

  test('is refused while its original is written, and over one that is there', async () => {
    const user = storage.user('domain web1');
    const open = await openVolume(storage, pool, 'clone', { readOnly: false, user });
    await expect(cloneVolume(parts, { ...ref('clone'), to: 'second' })).rejects.toMatchObject({
      code: 'disk.in-use',
      message: expect.stringContaining('in use by domain web1, which writes it') as string,
    });
    await open.close();
    const over = cloneVolume(parts, { ...ref('clone'), to: 'over' });
    await expect(over).rejects.toMatchObject({ code: 'volume.exists' });
  });

  test('that is cancelled leaves nothing, and its original is free', async () => {
    await createVolume(parts, { ...ref('long'), sizeMiB: 4096, format: 'raw' });
    const task = await cloneVolume(parts, { ...ref('long'), to: 'short' });
    parts.tasks.cancel(task.id);
    expect(await parts.tasks.wait(task.id)).toMatchObject({ state: 'cancelled' });
    expect(existsSync(at('short'))).toBe(false);
    expect(readdirSync(pool.folder.workshop).filter((name) => name.endsWith('.part'))).toEqual([]);
    await removeVolume(parts, ref('long'));
  });
});

describe('a volume', () => {
  test('grows, and does not shrink', async () => {
    await createVolume(parts, { ...ref('grows'), sizeMiB: 1 });
    qemuIo(at('grows'), 'write -P 3 0 64k');
    expect((await resizeVolume(parts, { ...ref('grows'), sizeMiB: 2048 })).bytes).toBe(2 ** 31);
    qemuIo(at('grows'), 'read -P 3 0 64k', 'read -P 0 2047M 1M');
    expect(qemuCheck(at('grows'))).toBe('clean');
    await expect(resizeVolume(parts, { ...ref('grows'), sizeMiB: 1 })).rejects.toMatchObject({
      code: 'disk.cannot-shrink',
    });
  });

  test('is not deleted while a domain has it, off or on, and then it is', async () => {
    await createVolume(parts, { ...ref('used'), sizeMiB: 1 });
    const forget = domainWith('db1', disk('default/used', true));
    expect((await seen('used'))?.usedBy).toEqual(['db1']);
    await expect(removeVolume(parts, ref('used'))).rejects.toMatchObject({
      code: 'volume.in-use',
      message: expect.stringContaining('db1') as string,
    });
    forget();
    const user = storage.user('another');
    const open = await openVolume(storage, pool, 'used', { readOnly: true, user });
    await expect(removeVolume(parts, ref('used'))).rejects.toMatchObject({ code: 'disk.in-use' });
    await open.close();
    await removeVolume(parts, ref('used'));
    expect(existsSync(at('used'))).toBe(false);
    await expect(removeVolume(parts, ref('used'))).rejects.toMatchObject({
      code: 'volume.unknown',
    });
  });

  test('has the format that was said, whatever its content looks like', async () => {
    await createVolume(parts, { ...ref('guests'), sizeMiB: 1, format: 'raw' });
    const header = Buffer.alloc(1024);
    header.write('QFI\xfb', 'latin1');
    const fd = openSync(at('guests'), 'r+');
    writeSync(fd, header, 0, header.length, 0);
    closeSync(fd);
    expect(await seen('guests')).toMatchObject({ format: 'raw', bytes: MIB, over: null });
    const user = storage.user('a test');
    const open = await openVolume(storage, pool, 'guests', { readOnly: true, user });
    expect(open.chain).toMatchObject([{ format: 'raw' }]);
    await open.close();
  });

  test('that is not what it is said to be has a fault, and the others are seen', async () => {
    writeFileSync(at('bad.qcow2'), 'not an image');
    qemuImg('create', '-f', 'qcow2', at('lost.qcow2'), '1M');
    qemuImg('rebase', '-u', '-F', 'raw', '-b', '/etc/passwd', '-f', 'qcow2', at('lost.qcow2'));
    symlinkSync('/etc/passwd', at('link'));
    mkdirSync(at('folder'));
    writeFileSync(at('.hidden'), '');
    expect(await seen('bad.qcow2')).toMatchObject({
      bytes: null,
      fault: expect.stringContaining('does not begin as a qcow2 image') as string,
    });
    expect(await seen('lost.qcow2')).toMatchObject({
      bytes: null,
      over: null,
      fault: expect.stringContaining('"/etc/passwd"') as string,
    });
    for (const name of ['link', 'folder', '.hidden']) expect(await seen(name)).toBeUndefined();
    const user = storage.user('a test');
    for (const name of ['bad.qcow2', 'lost.qcow2', 'link', 'folder', 'none']) {
      await expect(openVolume(storage, pool, name, { readOnly: true, user })).rejects.toThrow();
    }
  });

  test('that QEMU made and a person put there is used', async () => {
    const outside = join(site.folder, 'outside.qcow2');
    qemuImg('create', '-f', 'qcow2', outside, '8M');
    renameSync(outside, at('made-by-qemu.qcow2'));
    expect(await seen('made-by-qemu.qcow2')).toMatchObject({ format: 'qcow2', bytes: 8 * MIB });
    truncateSync(at('base'), statSync(at('base')).size);
  });
});

test('one writer, ever: also across processes, and none is left by one that was killed', async () => {
  await createVolume(parts, { ...ref('one'), sizeMiB: 1, format: 'raw' });
  const module = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
  const child = await startChild(
    site.folder,
    `
    import { DiskLocks } from ${module('../disks/disk-locks.ts')};
    import { openLocked } from ${module('../disks/locked-file.ts')};
    const locks = new DiskLocks(${JSON.stringify(join(site.folder, 'locks'))});
    const user = { user: 'domain web9', home: '/elsewhere' };
    const file = await openLocked(${JSON.stringify(at('one'))}, locks, { readOnly: false, user });
    console.log('ready');
    setInterval(() => file, 1000);
  `,
  );
  const user = storage.user('domain web1');
  for (const readOnly of [true, false]) {
    await expect(openVolume(storage, pool, 'one', { readOnly, user })).rejects.toMatchObject({
      code: 'disk.in-use',
      message: expect.stringContaining('domain web9 of the site in /elsewhere') as string,
    });
  }
  await expect(removeVolume(parts, ref('one'))).rejects.toMatchObject({ code: 'disk.in-use' });
  await expect(cloneVolume(parts, { ...ref('one'), to: 'two' })).rejects.toMatchObject({
    code: 'disk.in-use',
  });
  await killChild(child);
  const open = await openVolume(storage, pool, 'one', { readOnly: false, user });
  await open.close();
});

test('what a killed program did not finish is tidied up, and what another is at is not', async () => {
  const going = await storage.newFile(pool, 'a test');
  const left = pool.folder.newUnfinished();
  writeFileSync(left, 'half of it');
  await pool.folder.state('never-made', 'qcow2');
  await storage.tidy();
  expect(existsSync(left)).toBe(false);
  expect(existsSync(going.path)).toBe(true);
  expect(readdirSync(pool.folder.workshop)).not.toContain('never-made.json');
  await going.close();
  expect(readFileSync(going.path, 'utf8')).toBe('');
});
