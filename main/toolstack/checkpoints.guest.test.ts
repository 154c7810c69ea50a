/** Checkpoints of a guest with a disk and an interface: memory and disks at one instant. */
import { readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Checkpoint, CheckpointReport } from '../../shared/contract/index.ts';
import { NewStateFile, openStateFile } from './saving/state-file.ts';
import { counts, diskCounter } from './testing/disk-counter.ts';
import { TestSite } from './testing/test-site.ts';

const GUEST = 'walker';
let site: TestSite;

beforeAll(async () => {
  site = await TestSite.open();
  await site.create(GUEST, {
    host: 'alpha',
    disks: [
      { source: 'default/data', sizeMiB: 64 },
      { source: 'default/numbers', sizeMiB: 16 },
    ],
    interfaces: [{ network: 'default' }],
  });
  await site.ask(GUEST, 'mke2fs -q /dev/xvda && mkdir -p /mnt && mount /dev/xvda /mnt');
  await site.ask(GUEST, diskCounter('/dev/xvdb'));
  await isOfOneInstant();
}, 400_000);
afterAll(() => site.close());

/** What is on its disk is what it wrote there last. */
const isOfOneInstant = (): Promise<void> => counts(site, GUEST);

async function checkpoint(label: string): Promise<CheckpointReport> {
  const task = await site.done(site.api.checkpoints.create({ domain: GUEST, label }));
  return task.result as CheckpointReport;
}

const list = (): Promise<Checkpoint[]> => site.api.checkpoints.list({ domain: GUEST });
const revert = (to: string) =>
  site.done(site.api.checkpoints.revert({ domain: GUEST, checkpoint: to }));

async function isSound(): Promise<void> {
  expect(await site.ask(GUEST, 'dmesg | grep -ci "i/o error\\|ext.-fs error" || true')).toBe('0');
  await site.ask(GUEST, 'ping -c 2 -W 5 10.77.0.1');
}

describe('checkpoints', { timeout: 240_000 }, () => {
  test('are made while the guest goes on, with a picture, each from the one before', async () => {
    const boot = await site.ask(GUEST, 'cat /proc/sys/kernel/random/boot_id');
    const first = await checkpoint('first');
    expect(first.downtimeMs).toBeGreaterThan(0);
    await isOfOneInstant();
    await site.ask(GUEST, 'echo after-first >/mnt/mark; sync; echo after-first >/tmp/mark');
    const second = await checkpoint('second');
    expect(await list()).toMatchObject([
      {
        label: 'first',
        parent: null,
        isCurrent: false,
        disks: ['default/data', 'default/numbers'],
      },
      {
        label: 'second',
        parent: first.checkpoint.id,
        isCurrent: true,
        disks: ['default/data.1.qcow2', 'default/numbers.1.qcow2'],
      },
    ]);
    expect(second.checkpoint.picture!.lines.join('').trim()).not.toBe('');
    expect(await site.get(GUEST)).toMatchObject({
      checkpoints: { count: 2, current: second.checkpoint.id },
      disks: [
        { name: 'xvda', source: 'default/data.2.qcow2' },
        { name: 'xvdb', source: 'default/numbers.2.qcow2' },
      ],
    });
    expect(await site.ask(GUEST, 'cat /proc/sys/kernel/random/boot_id')).toBe(boot);
    await isSound();
  });

  test('are gone back to, twice, with memory and disks of that instant', async () => {
    for (let turn = 0; turn < 2; turn++) {
      await revert('first');
      expect(await site.ask(GUEST, 'cat /mnt/mark /tmp/mark 2>&1 | grep -c after || true')).toBe(
        '0',
      );
      await isOfOneInstant();
      await isSound();
    }
    await revert('second');
    expect(await site.ask(GUEST, 'cat /mnt/mark /tmp/mark')).toBe('after-first\nafter-first');
    await isOfOneInstant();
    await isSound();
    const [first, second] = await list();
    expect([first!.isCurrent, second!.isCurrent]).toEqual([false, true]);
  });

  test('bring back what was deleted since', async () => {
    await site.ask(GUEST, 'cp /mnt/mark /mnt/copy; sync');
    const third = await checkpoint('third');
    await site.ask(GUEST, 'rm /mnt/copy; sync');
    await revert(third.checkpoint.id.slice(0, 8));
    expect(await site.ask(GUEST, 'cat /mnt/copy')).toBe('after-first');
  });

  test('make a tree, survive the program, and are gone back to from a domain that is off', async () => {
    await revert('first');
    const branch = await checkpoint('branch');
    const [first] = await list();
    expect(branch.checkpoint.parent).toBe(first!.id);
    await site.reopen();
    expect(await site.get(GUEST)).toMatchObject({ state: 'shut-off', wasRunning: true });
    expect((await list()).map(({ label }) => label)).toEqual([
      'first',
      'second',
      'third',
      'branch',
    ]);
    await revert('second');
    expect(await site.ask(GUEST, 'cat /tmp/mark')).toBe('after-first');
    await isSound();
  });

  test('that are damaged are refused, and the domain goes on as it was', async () => {
    const [first] = await list();
    const path = join(site.folder, 'states', `${first!.id}.checkpoint`);
    const bytes = readFileSync(path);
    bytes[5 << 20]! ^= 1;
    writeFileSync(path, bytes);
    await expect(revert('first')).rejects.toMatchObject({ code: 'state.damaged' });
    await isSound();
    bytes[5 << 20]! ^= 1;
    writeFileSync(path, bytes);
  });

  test('of another version are refused, and the domain goes on as it was', async () => {
    const boot = await site.ask(GUEST, 'cat /proc/sys/kernel/random/boot_id');
    const [first] = await list();
    const path = join(site.folder, 'states', `${first!.id}.checkpoint`);
    const bytes = readFileSync(path);
    await ofAnotherVersion(path);
    await expect(revert('first')).rejects.toMatchObject({
      code: 'stream.incompatible',
      message: expect.stringContaining('was made by another version (hypervisor state') as string,
    });
    expect(await site.ask(GUEST, 'cat /proc/sys/kernel/random/boot_id')).toBe(boot);
    await isOfOneInstant();
    writeFileSync(path, bytes);
  });

  test('are deleted one by one: what came after goes on, and their overlays go when none needs them', async () => {
    const volumes = async (): Promise<string[]> => {
      const [pool] = await site.api.pools.list({});
      return pool!.volumes.map(({ name }) => name).filter((name) => name.startsWith('data'));
    };
    await expect(
      site.api.volumes.remove({ pool: 'default', volume: 'data' }),
    ).rejects.toMatchObject({ code: 'volume.in-use' });
    const remove = (to: string) =>
      site.done(site.api.checkpoints.remove({ domain: GUEST, checkpoint: to }));
    await remove('first');
    const [second] = await list();
    expect(second).toMatchObject({ label: 'second', parent: null });
    await revert('third');
    await isSound();
    await remove('branch');
    await remove('third');
    await remove('second');
    expect(await list()).toEqual([]);
    expect(readdirSync(join(site.folder, 'states'))).toEqual([]);
    // Its own chain is what is left: the disk it is on, and what that lies over.
    expect((await volumes()).length).toBeLessThanOrEqual(5);
    expect(await volumes()).toContain('data');
    await isSound();
  });

  test('take away no volume that is a person’s: read only, detached, left out or kept', async () => {
    const { domains, volumes } = site.api;
    await volumes.create({ pool: 'default', volume: 'manual', sizeMiB: 8 });
    for (const disk of [
      { source: 'default/manual', name: 'xvdc', readOnly: true },
      { source: 'default/notes', name: 'xvdd', sizeMiB: 8 },
    ]) {
      await site.done(domains.attachDisk({ domain: GUEST, ...disk }));
    }
    const source = async (disk: string): Promise<string> =>
      (await site.get(GUEST)).disks.find(({ name }) => name === disk)!.source;
    await checkpoint('with both');
    await site.done(
      domains.attachDisk({ domain: GUEST, source: 'default/later', name: 'xvde', sizeMiB: 8 }),
    );
    await checkpoint('with all');
    const later = await source('xvde');
    expect(later).not.toBe('default/later');
    await revert('with both');
    await site.api.pools.add({ name: 'other', kind: 'shared' });
    const kept = await source('xvdb');
    await site.done(domains.moveDisk({ domain: GUEST, disk: 'xvdb', pool: 'other', keep: true }));
    const notes = await source('xvdd');
    for (const disk of ['xvdc', 'xvdd']) {
      await site.done(domains.detachDisk({ domain: GUEST, disk }));
    }
    for (const one of ['with both', 'with all']) {
      await site.done(site.api.checkpoints.remove({ domain: GUEST, checkpoint: one }));
    }
    const pools = await site.api.pools.list({});
    const left = pools.flatMap((pool) => pool.volumes.map(({ name }) => `${pool.name}/${name}`));
    const persons = ['default/manual', 'default/notes', 'default/later'];
    expect(left).toEqual(expect.arrayContaining([...persons, notes, later, kept]));
  });

  test('are not gone back to where somebody else has their address, and the domain goes on', async () => {
    const { domains } = site.api;
    await checkpoint('wired');
    const [before] = (await site.get(GUEST)).interfaces;
    await site.done(domains.detachInterface({ domain: GUEST, handle: before!.handle }));
    const interfaces = [{ network: 'default', address: before!.address }];
    await site.create('heir', { host: 'beta', memoryMiB: 64, interfaces });
    await site.ask(GUEST, 'echo goes on >/tmp/on');
    await expect(revert('wired')).rejects.toMatchObject({ code: 'interface.address-taken' });
    expect(await site.ask(GUEST, 'cat /tmp/on')).toBe('goes on');
    await site.done(domains.delete({ domain: 'heir', force: true }));
    // A deletion may be taken back until the program ends: the address is free then.
    await expect(revert('wired')).rejects.toMatchObject({ code: 'interface.address-taken' });
  });

  test('are refused of a domain whose disk is no volume', async () => {
    const path = join(site.folder, 'outside.img');
    await site.done(
      site.api.domains.attachDisk({ domain: GUEST, source: path, sizeMiB: 8, name: 'xvdc' }),
    );
    await expect(site.api.checkpoints.create({ domain: GUEST })).rejects.toMatchObject({
      code: 'checkpoint.disk-outside',
    });
    await site.done(site.api.domains.detachDisk({ domain: GUEST, disk: 'xvdc' }));
  });
});

/** As a build of this program would have made it whose hypervisor's state is another. */
async function ofAnotherVersion(path: string): Promise<void> {
  const state = await openStateFile(path);
  const { record, streamBytes } = state;
  await state.close();
  const stream = readFileSync(path).subarray(0, streamBytes);
  record.versions.hypervisorState++;
  const file = await NewStateFile.create(path);
  writeSync(file.fd, stream, 0, streamBytes, 0);
  await file.publish(streamBytes, record);
  await file.close();
}
