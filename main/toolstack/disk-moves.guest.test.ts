/** Disks of real guests that go to other pools and other hosts while they are written. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Domain, MigrationReport } from '../../shared/contract/index.ts';
import { makeFileSystem } from '../dom0/block/testing/file-system.ts';
import { qemuCheck, qemuImg } from '../dom0/block/testing/qemu-img.ts';
import { TestSite } from './testing/test-site.ts';

const run = promisify(execFile);
const PATIENCE = { timeout: 60_000, interval: 200 };
const HAS_DISK = 'until [ -b /dev/xvda ]; do usleep 50000; done';
const MOUNT = `${HAS_DISK}; mkdir -p /mnt; mount -t ext4 /dev/xvda /mnt`;

let site: TestSite;
let folder: string;
const volumeFile = (pool: string, name: string): string => join(site.folder, 'pools', pool, name);

/**
 * Files one after another, each of its own content, synced before its sum is noted and synced as well:
 * what is in the list was on stable storage when it was written there.
 */
const WRITER = `
rm -rf /mnt/files; mkdir /mnt/files; : >/mnt/sums; n=0
head -c 400000 /dev/urandom >/tmp/seed
while [ ! -e /tmp/stop ]; do
  n=$((n+1)); f=/mnt/files/$((n % 40))
  { echo $n; cat /tmp/seed; } >$f.new && sync && mv $f.new $f || exit 1
  echo "$n $(md5sum <$f)" >>/mnt/sums; sync; echo $n >/tmp/written
done; echo over >/tmp/written`;

/** Every file that was not replaced since is what was noted of it; the kernel forgets what it has read. */
const CHECK = `
sync; echo 3 >/proc/sys/vm/drop_caches
last=$(tail -n 1 /mnt/sums | cut -d' ' -f1)
for f in /mnt/files/*; do
  case $f in *.new) continue;; esac
  n=$(head -n 1 $f); want=$(grep "^$n " /mnt/sums | cut -d' ' -f2-)
  [ $n -gt $last ] && continue
  [ "$want" = "$(md5sum <$f)" ] || { echo "bad $f of $n"; exit 1; }
done; echo $last`;

async function startWriter(name: string): Promise<void> {
  await site.exec(name, `rm -f /tmp/stop /tmp/written; (${WRITER}) >/dev/null 2>&1 &`);
  await expect.poll(() => written(name), PATIENCE).toBeGreaterThan(2);
}

async function stopWriter(name: string): Promise<void> {
  await site.ask(
    name,
    'touch /tmp/stop; until [ "$(cat /tmp/written)" = over ]; do usleep 50000; done',
  );
}

async function written(name: string): Promise<number> {
  return Number(await site.ask(name, 'cat /tmp/written 2>/dev/null || echo 0'));
}

async function checkInside(name: string): Promise<void> {
  const before = await written(name);
  await stopWriter(name);
  expect(Number(await site.ask(name, CHECK))).toBeGreaterThanOrEqual(before);
  expect(await site.ask(name, 'dmesg | grep -ciE "i/o error|ext4-fs error" || true')).toBe('0');
}

/** Of a domain that is off: the image by QEMU, the file system by its own check. */
async function checkOutside({ name, disks }: Domain): Promise<void> {
  const [pool, volume] = disks[0]!.source.split('/') as [string, string];
  const raw = join(folder, `${name}.raw`);
  const { format } = disks[0]!;
  if (format === 'qcow2') expect(qemuCheck(volumeFile(pool, volume))).toBe('clean');
  qemuImg('convert', '-f', format, '-O', 'raw', volumeFile(pool, volume), raw);
  expect((await run('e2fsck', ['-fn', raw])).stdout).toContain('files');
}

/** A domain with a file system on a new volume. */
async function createWriter(name: string, pool: string): Promise<void> {
  const volume = `${name}.qcow2`;
  makeFileSystem(volumeFile(pool, volume), 96);
  await site.create(name, { host: 'alpha', disks: [{ source: `${pool}/${volume}` }] });
  await site.ask(name, MOUNT);
}

function leftIn(pool: string): string[] {
  const unfinished = readdirSync(volumeFile(pool, '.domus')).filter((file) =>
    file.endsWith('.part'),
  );
  const volumes = readdirSync(volumeFile(pool, '')).filter((file) => file !== '.domus');
  return [...unfinished, ...volumes];
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'domus-files-'));
  site = await TestSite.open();
  for (const host of ['alpha', 'beta']) {
    await site.api.pools.add({ name: `on-${host}`, kind: 'local', host });
  }
});
afterAll(async () => {
  await site.close();
  rmSync(folder, { recursive: true });
});

describe('a disk that goes to another pool', () => {
  test('while its guest writes loses nothing, and its old volume is deleted', async () => {
    await createWriter('web1', 'on-alpha');
    await startWriter('web1');
    const moved = await site.done(
      site.api.domains.moveDisk({ domain: 'web1', disk: 'xvda', pool: 'default' }),
    );
    expect(moved.title).toBe('Moved xvda of web1 to default/web1.qcow2');
    expect((await site.get('web1')).disks).toMatchObject([{ source: 'default/web1.qcow2' }]);
    expect(leftIn('on-alpha')).toEqual([]);
    const before = await written('web1');
    await expect.poll(() => written('web1'), PATIENCE).toBeGreaterThan(before + 2);
    await checkInside('web1');
  });

  test('is cancelled on the way: the domain has what it had, and nothing is left', async () => {
    await startWriter('web1');
    const { id } = await site.api.domains.moveDisk({
      domain: 'web1',
      disk: 'xvda',
      pool: 'on-alpha',
    });
    await site.api.tasks.cancel({ id });
    expect(await site.api.tasks.wait({ id })).toMatchObject({ state: 'cancelled' });
    expect((await site.get('web1')).disks).toMatchObject([{ source: 'default/web1.qcow2' }]);
    expect(leftIn('on-alpha')).toEqual([]);
    await checkInside('web1');
  });

  test('keeps its old volume if that is asked for, and is refused with a sentence', async () => {
    const domain = 'web1';
    await site.done(
      site.api.domains.moveDisk({ domain, disk: 'xvda', pool: 'on-alpha', keep: true }),
    );
    expect(existsSync(volumeFile('default', 'web1.qcow2'))).toBe(true);
    await site.api.volumes.remove({ pool: 'default', volume: 'web1.qcow2' });
    const move = (pool: string): Promise<unknown> =>
      site.api.domains.moveDisk({ domain, disk: 'xvda', pool });
    await expect(move('on-alpha')).rejects.toMatchObject({ code: 'disk.in-pool' });
    await expect(move('on-beta')).rejects.toMatchObject({ code: 'disk.no-pool' });
    await expect(move('nowhere')).rejects.toMatchObject({ code: 'pool.unknown' });
  });

  test('of a domain that is off moves as well, and all of it is whole', async () => {
    await site.ask('web1', 'umount /mnt');
    await site.done(site.api.domains.shutdown({ domain: 'web1' }));
    await site.done(site.api.domains.moveDisk({ domain: 'web1', disk: 'xvda', pool: 'default' }));
    expect(leftIn('on-alpha')).toEqual([]);
    await checkOutside(await site.get('web1'));
    await site.done(site.api.domains.start({ domain: 'web1' }));
    await site.ask('web1', MOUNT);
    expect(Number(await site.ask('web1', CHECK))).toBeGreaterThan(0);
    await site.done(site.api.domains.delete({ domain: 'web1', force: true, disks: true }));
  });
});

describe('a domain whose disk only its host sees', () => {
  const migrate = (host: string, more = {}) =>
    site.api.domains.migrate({ domain: 'db', host, ...more });

  test('is told what would be copied to where before it goes', async () => {
    await createWriter('db', 'on-alpha');
    await startWriter('db');
    await site.api.hosts.add({ name: 'gamma', memoryMiB: 512, pcpus: 1 });
    const targets = await site.api.domains.migrationTargets({ domain: 'db' });
    expect(targets).toMatchObject([
      { host: 'alpha', possible: false, diskBytes: 0, diskPool: null },
      { host: 'beta', possible: true, diskPool: 'on-beta' },
      { host: 'gamma', possible: true, diskPool: 'default' },
    ]);
    expect(targets[1]!.diskBytes).toBeGreaterThan(1_000_000);
  });

  test('moves with it while it writes and syncs, there and back, and loses nothing', async () => {
    const { disks: before } = await site.get('db');
    for (const [host, pool, left] of [
      ['beta', 'on-beta', 'on-alpha'],
      ['alpha', 'on-alpha', 'on-beta'],
    ] as const) {
      const synced = await written('db');
      const { result } = await site.done(migrate(host));
      const report = result as MigrationReport;
      expect(report.disks).toMatchObject([{ name: 'xvda', to: `${pool}/db.qcow2` }]);
      expect(report.disks[0]!.bytes).toBeGreaterThan(1_000_000);
      expect(await site.get('db')).toMatchObject({
        host,
        state: 'running',
        disks: [{ ...before[0], source: `${pool}/db.qcow2` }],
      });
      expect(leftIn(left)).toEqual([]);
      await expect.poll(() => written('db'), PATIENCE).toBeGreaterThan(synced + 2);
    }
    await checkInside('db');
  });

  test('stays where it is when the move is cancelled while its disk is copied', async () => {
    await startWriter('db');
    const { id } = await migrate('beta');
    await site.api.tasks.cancel({ id });
    expect(await site.api.tasks.wait({ id })).toMatchObject({ state: 'cancelled' });
    expect(await site.get('db')).toMatchObject({
      host: 'alpha',
      state: 'running',
      disks: [{ source: 'on-alpha/db.qcow2' }],
    });
    expect(leftIn('on-beta')).toEqual([]);
    await checkInside('db');
  });

  test('stays where it is when the target dies, whenever that is', async () => {
    await startWriter('db');
    for (const stage of ['copying xvda', 'round']) {
      const { id } = await migrate('beta');
      await until(id, stage);
      await site.site.parts.hosts.get('beta').terminate();
      expect(await site.api.tasks.wait({ id })).toMatchObject({
        state: 'failed',
        error: { code: 'migration.failed' },
      });
      expect(await site.get('db')).toMatchObject({ host: 'alpha', state: 'running' });
      expect(leftIn('on-beta')).toEqual([]);
      await expect.poll(async () => (await site.api.hosts.list({}))[1]!.state, PATIENCE).toBe('up');
    }
    await checkInside('db');
  });

  test('is crashed with its disk whole when its host dies meanwhile', async () => {
    await startWriter('db');
    const synced = await written('db');
    const { id } = await migrate('beta');
    await until(id, 'copying xvda');
    await site.site.parts.hosts.get('alpha').terminate();
    expect(await site.api.tasks.wait({ id })).toMatchObject({
      state: 'failed',
      error: { code: 'migration.source-lost' },
    });
    expect(await site.get('db')).toMatchObject({
      state: 'crashed',
      disks: [{ source: 'on-alpha/db.qcow2' }],
    });
    expect(leftIn('on-beta')).toEqual([]);
    await expect.poll(async () => (await site.api.hosts.list({}))[0]!.state, PATIENCE).toBe('up');
    await site.done(site.api.domains.start({ domain: 'db' }));
    await site.ask('db', MOUNT);
    expect(Number(await site.ask('db', CHECK))).toBeGreaterThanOrEqual(synced);
  });

  test('goes to the pool that is named, and keeps what it leaves if it is told to', async () => {
    const { result } = await site.done(migrate('beta', { pool: 'default', keepDisks: true }));
    expect((result as MigrationReport).disks).toMatchObject([{ to: 'default/db.qcow2' }]);
    expect(leftIn('on-alpha')).toEqual(['db.qcow2']);
    await site.ask('db', 'umount /mnt');
    await site.done(site.api.domains.shutdown({ domain: 'db' }));
    await checkOutside(await site.get('db'));
  });

  test('is refused with a sentence where there is no place for its disk', async () => {
    const { domains } = site.api;
    await site.done(domains.moveDisk({ domain: 'db', disk: 'xvda', pool: 'on-beta' }));
    await site.done(domains.start({ domain: 'db' }));
    const task = await migrate('alpha', { pool: 'on-beta' });
    const { error } = await site.api.tasks.wait({ id: task.id });
    expect(error!.message).toContain('pool on-beta is seen by beta only, not by alpha');
    await expect(migrate('alpha', { pool: 'nowhere' })).rejects.toMatchObject({
      code: 'pool.unknown',
    });
    expect(await site.get('db')).toMatchObject({ host: 'beta', state: 'running' });
  });
});

/** Settles when a task is at a step. */
async function until(id: string, step: string): Promise<void> {
  const leave = new AbortController();
  for await (const change of await site.api.site.watch({}, { signal: leave.signal })) {
    const tasks =
      change.type === 'snapshot' ? change.tasks : change.type === 'task' ? [change.task] : [];
    const task = tasks.find((one) => one.id === id);
    if (!task) continue;
    if (task.detail?.startsWith(step) || task.endedAtMs !== null) return leave.abort();
  }
}
