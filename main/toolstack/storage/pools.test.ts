import { existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { planDisks } from '../disks/plan-disks.ts';
import { definition, host } from '../testing/records.ts';
import { HangingFolder } from '../testing/hanging-folder.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { TestStorage } from '../testing/test-storage.ts';
import { hostOf, openSource, whyNotOn } from './open-source.ts';
import { removePool } from './pool-changes.ts';
import { PoolRegistry } from './pool-registry.ts';
import { Transfers } from './transfers.ts';
import { cloneVolume, createVolume, removeVolume, resizeVolume } from './volumes.ts';

const site = await TestStorage.open();
const { parts } = site;
const { storage } = parts;
const { pools } = storage;

const disk = (source: string) => ({
  name: 'xvda',
  source,
  format: 'raw' as const,
  readOnly: false,
  discard: true,
  onError: 'pause' as const,
  bytes: null,
});

describe('the first pool', () => {
  test('is made with a new home, shared, and comes back no more once it was removed', async () => {
    expect(pools.all()).toMatchObject([
      { name: 'default', kind: 'shared', host: null, path: join(site.folder, 'pools/default') },
    ]);
    const { pools: table, settings } = site.store;
    const again = new PoolRegistry({ table, settings, home: site.folder, folders: site.folders });
    again.remove(again.get('default'));
    await again.addDefault();
    expect(again.all()).toEqual([]);
    await again.add({ name: 'default', kind: 'shared' });
  });

  test('moves with its home', () => {
    const { pools: table, settings } = site.store;
    const moved = new PoolRegistry({ table, settings, home: '/elsewhere', folders: site.folders });
    expect(moved.get('default').path).toBe('/elsewhere/pools/default');
  });
});

describe('a pool', () => {
  test('is a person’s folder, with what is in it', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'old.img'), Buffer.alloc(1024));
    symlinkSync(folder, join(site.folder, 'soft'));
    await pools.add({ name: 'mine', kind: 'shared', path: join(site.folder, 'soft') });
    expect((await parts.poolViews.all()).find(({ name }) => name === 'mine')).toMatchObject({
      path: folder,
      fault: null,
      volumes: [{ name: 'old.img', format: 'raw', bytes: 1024 }],
    });
    removePool(parts, 'mine');
    expect(existsSync(join(folder, 'old.img'))).toBe(true);
  });

  test('is refused where it cannot be', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'in/side'), { recursive: true });
    writeFileSync(join(folder, 'file'), '');
    await pools.add({ name: 'in', kind: 'shared', path: join(folder, 'in') });
    for (const [path, code] of [
      ['relative', 'pool.bad-path'],
      [join(folder, 'in'), 'pool.overlaps'],
      [join(folder, 'in/side'), 'pool.overlaps'],
      [join(folder, 'in/new'), 'pool.overlaps'],
      [folder, 'pool.overlaps'],
      [join(folder, 'file'), 'pool.not-a-folder'],
      [join(folder, 'none/new'), 'pool.not-allowed'],
      ['/proc', 'pool.not-allowed'],
    ] as const) {
      const bad = pools.add({ name: 'bad', kind: 'shared', path });
      await expect(bad).rejects.toMatchObject({ code });
    }
    expect(existsSync(join(folder, 'in/new'))).toBe(false);
    const again = pools.add({ name: 'IN', kind: 'shared' });
    await expect(again).rejects.toMatchObject({ code: 'pool.exists' });
    pools.remove(pools.get('in'));
  });

  test('whose folder is gone says so, and comes back by itself', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'nas');
    await pools.add({ name: 'nas', kind: 'shared', path });
    await createVolume(parts, { pool: 'nas', volume: 'a', sizeMiB: 1 });
    const view = async () => (await parts.poolViews.all()).find(({ name }) => name === 'nas')!;
    renameSync(path, join(folder, 'away'));
    mkdirSync(path); // a mount point with nothing mounted
    expect(await view()).toMatchObject({
      volumes: [],
      capacityBytes: null,
      fault: expect.stringContaining('is not there') as string,
    });
    const made = createVolume(parts, { pool: 'nas', volume: 'b', sizeMiB: 1 });
    await expect(made).rejects.toMatchObject({ code: 'pool.unavailable' });
    renameSync(join(folder, 'away'), path);
    expect(await view()).toMatchObject({ fault: null, volumes: [{ name: 'a' }] });
    pools.remove(pools.get('nas'));
  });

  test('whose folder does not answer holds up neither the others nor who asks again', async () => {
    const folder = temporaryFolder();
    await pools.add({ name: 'nas', kind: 'shared', path: folder });
    await createVolume(parts, { pool: 'nas', volume: 'a', sizeMiB: 1 });
    await createVolume(parts, { pool: 'default', volume: 'near', sizeMiB: 1 });
    const views = async () => {
      const all = await parts.poolViews.all();
      return Object.fromEntries(all.map((pool) => [pool.name, pool]));
    };
    const silence = `The folder of pool nas (${folder}) does not answer.`;
    {
      using _ = new HangingFolder(folder, 'a');
      for (let look = 0; look < 20; look++) {
        const { nas, default: near } = await views();
        expect(nas).toMatchObject({ volumes: [], capacityBytes: null, freeBytes: null });
        expect(nas!.fault).toContain(silence);
        expect(near).toMatchObject({ fault: null });
        expect(near!.volumes.map(({ name }) => name)).toContain('near');
      }
      const made = createVolume(parts, { pool: 'nas', volume: 'b', sizeMiB: 1 });
      await expect(made).rejects.toMatchObject({
        code: 'pool.unavailable',
        message: expect.stringContaining(silence) as string,
      });
      // None of the threads that are left stands there: others find what is new in the near one.
      await createVolume(parts, { pool: 'default', volume: 'nearer', sizeMiB: 1 });
      expect((await views())['default']!.volumes.map(({ name }) => name)).toContain('nearer');
    }
    await expect
      .poll(async () => (await views())['nas'])
      .toMatchObject({
        fault: null,
        volumes: [{ name: 'a', format: 'raw' }],
      });
    pools.remove(pools.get('nas'));
  });

  test('that stops answering while a disk is opened there holds up nothing elsewhere', async () => {
    const folder = temporaryFolder();
    const nas = await pools.add({ name: 'nas', kind: 'shared', path: folder });
    await createVolume(parts, { pool: 'nas', volume: 'a', sizeMiB: 1 });
    const user = storage.user('domain web1');
    const open = (source: string) => openSource(storage, disk(source), user, 'alpha');
    const silence = {
      code: 'pool.unavailable',
      message: expect.stringContaining('answer') as string,
    };
    const told: string[] = [];
    {
      using _ = new HangingFolder(folder, 'a');
      // More than the process has threads for files, by default.
      const stuck = Array.from({ length: 8 }, async () => {
        await expect(open('nas/a')).rejects.toMatchObject(silence);
        told.push('refused');
      });
      await createVolume(parts, { pool: 'default', volume: 'meanwhile', sizeMiB: 1 });
      await (await open('default/meanwhile')).close();
      told.push('made, opened and closed');
      await Promise.all(stuck);
      expect(told[0]).toBe('made, opened and closed');
      const asked = { pool: 'nas', volume: 'b' };
      const transfers = new Transfers(parts).handlers;
      const call = { signal: new AbortController().signal };
      for (const refused of [
        () => open('nas/a'),
        () => planDisks(parts, 'web1', [], [{ source: 'nas/a' }]),
        () => planDisks(parts, 'web1', [], [{ source: 'nas/b', sizeMiB: 1 }]),
        () => planDisks(parts, 'web1', [], [{ source: join(folder, 'a') }]),
        () => createVolume(parts, { ...asked, sizeMiB: 1 }),
        () => cloneVolume(parts, { pool: 'default', volume: 'meanwhile', toPool: 'nas', to: 'b' }),
        () => resizeVolume(parts, { pool: 'nas', volume: 'a', sizeMiB: 2 }),
        () => removeVolume(parts, { pool: 'nas', volume: 'a' }),
        () => transfers['content.receive']({ ...asked, format: 'raw', bytes: null }, call),
        () => transfers['content.send']({ pool: 'nas', volume: 'a' }, call),
      ]) {
        await expect(refused()).rejects.toMatchObject(silence);
      }
    }
    // What was opened too late is let go of: it can be written.
    await expect.poll(() => nas.folder.turns.isIdle).toBe(true);
    await (await open('nas/a')).close();
    await removeVolume(parts, { pool: 'nas', volume: 'a' });
    pools.remove(nas);
  });

  test('is not removed while a domain has a disk in it', async () => {
    if (site.store.hosts.all().length === 0) site.store.hosts.insert(host('alpha'));
    await createVolume(parts, { pool: 'default', volume: 'used', sizeMiB: 1 });
    const domain = parts.domains.insert({
      ...definition('web1', 'alpha'),
      disks: [disk('default/used')],
    });
    expect(() => removePool(parts, 'default')).toThrow(
      expect.objectContaining({
        code: 'pool.in-use',
        message: expect.stringContaining('web1') as string,
      }),
    );
    parts.domains.remove(domain);
  });

  test('that is local is seen by its host only', async () => {
    if (site.store.hosts.all().length === 0) site.store.hosts.insert(host('alpha'));
    await pools.add({ name: 'fast', kind: 'local', host: 'alpha' });
    await createVolume(parts, { pool: 'fast', volume: 'a', sizeMiB: 1, format: 'raw' });
    expect(hostOf(pools, 'fast/a')).toBe('alpha');
    expect(hostOf(pools, '/srv/a')).toBe(null);
    expect(whyNotOn(pools, [disk('/srv/a'), disk('fast/a')], 'alpha')).toBe(null);
    expect(whyNotOn(pools, [disk('fast/a')], 'beta')).toBe(
      'its disk xvda (fast/a) is in a local pool, which only alpha sees',
    );
    const user = storage.user('domain web1');
    await expect(openSource(storage, disk('fast/a'), user, 'beta')).rejects.toMatchObject({
      code: 'pool.other-host',
    });
    await (await openSource(storage, disk('fast/a'), user, 'alpha')).close();
  });

  test('is told again when something in it changed, and only then', async () => {
    await parts.poolViews.close();
    site.told.length = 0;
    parts.poolViews.changed();
    await parts.poolViews.close();
    parts.poolViews.changed();
    await parts.poolViews.close();
    // Others on this machine may take or free room between two looks.
    const told = site.told.map((pools) => JSON.stringify(pools));
    const butRoom = told.map((text) => text.replace(/"freeBytes":\d+/g, ''));
    expect(new Set(told).size).toBe(told.length);
    expect(new Set(butRoom).size).toBeLessThanOrEqual(1);
    await createVolume(parts, { pool: 'default', volume: 'told', sizeMiB: 1 });
    await parts.poolViews.close();
    expect(site.told.at(-1)!.flatMap(({ volumes }) => volumes.map(({ name }) => name))).toContain(
      'told',
    );
  });
});

test('a network block device has one writer, by whatever name it is called', async () => {
  const user = storage.user('domain web1');
  const open = await openSource(storage, disk('nbd://localhost:7/a'), user, 'alpha');
  expect(open.wire).toEqual({
    kind: 'nbd',
    host: '127.0.0.1',
    port: 7,
    exportName: 'a',
    label: 'nbd://localhost:7/a',
  });
  const second = openSource(storage, disk('nbd://127.0.0.1:7/a'), user, 'beta');
  await expect(second).rejects.toMatchObject({ code: 'disk.in-use' });
  await (await openSource(storage, disk('nbd://127.0.0.1:7/b'), user, 'beta')).close();
  await open.close();
  await (await openSource(storage, disk('nbd://127.0.0.1:7/a'), user, 'beta')).close();
});
