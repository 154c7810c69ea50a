/** Pools, volumes, overlays and network block devices, as real guests have them. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DomainSample } from '../../shared/contract/index.ts';
import { NbdServer } from '../dom0/block/testing/nbd-server.ts';
import { qemuCheck, qemuImg } from '../dom0/block/testing/qemu-img.ts';
import { limitFiles } from './testing/file-limit.ts';
import { TestSite } from './testing/test-site.ts';

const run = promisify(execFile);
const MIB = 2 ** 20;
const HAS_DISK = 'until [ -b /dev/xvda ]; do usleep 50000; done';
const MOUNT = `${HAS_DISK}; mkdir -p /mnt; mount -t ext2 /dev/xvda /mnt`;

let site: TestSite;
let folder: string;
const volumeFile = (name: string): string => join(site.folder, 'pools/default', name);

/** The file system's own check of what a volume shows. */
async function checkFiles(name: string): Promise<void> {
  const raw = join(folder, `${name}.raw`);
  qemuImg('convert', '-f', 'qcow2', '-O', 'raw', volumeFile(name), raw);
  expect((await run('e2fsck', ['-fn', raw])).stdout).toContain('files');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function sampleOf(
  name: string,
  condition: (sample: DomainSample) => boolean,
): Promise<DomainSample> {
  const { uuid } = await site.get(name);
  const leave = new AbortController();
  for await (const { domains } of await site.api.site.statistics({}, { signal: leave.signal })) {
    const found = domains.find((sample) => sample.uuid === uuid);
    if (!found || !condition(found)) continue;
    leave.abort();
    return found;
  }
  throw new Error('the site ended');
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'domus-files-'));
  site = await TestSite.open();
  const { api } = site;
  await api.volumes.create({ pool: 'default', volume: 'base', sizeMiB: 64 });
  await site.create('maker', { host: 'alpha', disks: [{ source: 'default/base' }] });
  await site.ask('maker', `${HAS_DISK}; mke2fs -q /dev/xvda; ${MOUNT}; echo common >/mnt/word`);
  await site.ask('maker', 'umount /mnt');
  await site.done(api.domains.delete({ domain: 'maker', force: true }));
});
afterAll(async () => {
  await site.close();
  rmSync(folder, { recursive: true });
});

describe('domains on overlays over one volume', () => {
  test('read what is beneath, and write their own', async () => {
    for (const [volume, name] of [
      ['one', 'web1'],
      ['two', 'web2'],
    ] as const) {
      await site.api.volumes.create({ pool: 'default', volume, over: 'default/base' });
      const disks = [{ source: `default/${volume}` }];
      const { disks: made } = await site.create(name, { host: 'alpha', disks });
      expect(made).toMatchObject([
        { source: `default/${volume}`, format: 'qcow2', bytes: 64 * MIB },
      ]);
      expect(await site.ask(name, `${MOUNT}; cat /mnt/word; echo ${name} >/mnt/word; sync`)).toBe(
        'common',
      );
    }
    expect(await site.ask('web1', 'cat /mnt/word')).toBe('web1');
    expect(await site.ask('web2', 'cat /mnt/word')).toBe('web2');
  });

  test('keep what is beneath from being written or deleted, and say who they are', async () => {
    const { api } = site;
    await expect(api.volumes.remove({ pool: 'default', volume: 'base' })).rejects.toMatchObject({
      code: 'volume.has-overlays',
      message: expect.stringContaining('default/one, default/two') as string,
    });
    await expect(api.volumes.remove({ pool: 'default', volume: 'one' })).rejects.toMatchObject({
      code: 'volume.in-use',
      message: expect.stringContaining('web1') as string,
    });
    await expect(
      site.done(api.domains.attachDisk({ domain: 'web2', source: 'default/base' })),
    ).rejects.toMatchObject({ code: 'volume.has-overlays' });
    await expect(
      api.volumes.resize({ pool: 'default', volume: 'base', sizeMiB: 128 }),
    ).rejects.toMatchObject({ code: 'volume.has-overlays' });
    await expect(
      api.volumes.clone({ pool: 'default', volume: 'one', to: 'copy' }),
    ).rejects.toMatchObject({
      code: 'disk.in-use',
      message: expect.stringContaining('domain web1, which writes it') as string,
    });
    const pool = (await api.pools.list({}))[0]!;
    expect(Object.fromEntries(pool.volumes.map(({ name, usedBy }) => [name, usedBy]))).toEqual({
      base: ['volume default/one', 'volume default/two'],
      one: ['web1'],
      two: ['web2'],
    });
  });

  test('are seen at work', async () => {
    const writing = site.exec('web1', 'dd if=/dev/zero of=/mnt/a bs=64k count=256 conv=fsync');
    const { disks } = await sampleOf(
      'web1',
      (sample) => sample.disks[0]!.writtenBytesPerSecond > 0,
    );
    expect(disks).toMatchObject([{ name: 'xvda' }]);
    expect(disks[0]!.writesPerSecond).toBeGreaterThan(0);
    await writing;
  });

  test('move, and leave what their own check finds clean', async () => {
    const writing = site.ask(
      'web1',
      'dd if=/dev/urandom of=/tmp/a bs=64k count=64 2>/dev/null; ' +
        'for n in 1 2 3 4; do dd if=/tmp/a of=/mnt/a bs=64k conv=fsync 2>/dev/null || exit 1; done; ' +
        'echo 3 >/proc/sys/vm/drop_caches; cmp /tmp/a /mnt/a; umount /mnt',
    );
    await site.done(site.api.domains.migrate({ domain: 'web1', host: 'beta' }));
    await writing;
    await site.ask('web2', 'umount /mnt');
    for (const domain of ['web1', 'web2']) await site.done(site.api.domains.shutdown({ domain }));
    for (const name of ['base', 'one', 'two']) expect(qemuCheck(volumeFile(name))).toBe('clean');
    for (const name of ['one', 'two']) await checkFiles(name);
    const clone = await site.done(
      site.api.volumes.clone({ pool: 'default', volume: 'one', to: 'whole', format: 'raw' }),
    );
    expect(clone.result).toMatchObject({ over: null, bytes: 64 * MIB });
    expect((await run('e2fsck', ['-fn', volumeFile('whole')])).stdout).toContain('files');
  });
});

describe('a volume of a local pool', () => {
  test('is used on that host only, and a move says where it would be copied', async () => {
    const { api } = site;
    await api.pools.add({ name: 'fast', kind: 'local', host: 'alpha' });
    await expect(api.hosts.remove({ host: 'alpha' })).rejects.toThrow();
    const disks = [{ source: 'fast/scratch', sizeMiB: 8 }];
    await expect(site.create('far', { host: 'beta', disks })).rejects.toMatchObject({
      code: 'disk.not-here',
    });
    await site.create('near', { disks });
    expect(await site.get('near')).toMatchObject({ host: 'alpha' });
    const targets = await api.domains.migrationTargets({ domain: 'near' });
    expect(targets.find(({ host }) => host === 'beta')).toMatchObject({
      possible: true,
      diskPool: 'default',
    });
    await site.done(api.domains.start({ domain: 'web1' })); // on beta
    await expect(
      site.done(api.domains.attachDisk({ domain: 'web1', source: 'fast/scratch' })),
    ).rejects.toMatchObject({ code: 'disk.not-here' });
    await expect(api.pools.remove({ pool: 'fast' })).rejects.toMatchObject({ code: 'pool.in-use' });
    const deleted = await site.done(
      api.domains.delete({ domain: 'near', force: true, disks: true }),
    );
    expect(deleted).toMatchObject({ title: 'Deleted near, fast/scratch' });
    await api.pools.remove({ pool: 'fast' });
  });
});

describe('a disk that fails', () => {
  const write = 'dd if=/dev/urandom of=/dev/xvdb bs=64k seek=64 count=8 conv=fsync 2>/dev/null';

  test.each(['report', 'crash'] as const)('does what was asked for: %s', async (onError) => {
    const { api } = site;
    const disk = { source: `default/${onError}`, sizeMiB: 16, onError };
    await site.done(api.domains.attachDisk({ domain: 'web1', ...disk }));
    await site.ask('web1', 'until [ -b /dev/xvdb ]; do usleep 50000; done');
    await limitFiles(2 * MIB);
    try {
      if (onError === 'report') {
        expect(await site.ask('web1', `${write} && echo written || echo failed`)).toBe('failed');
        expect(await site.get('web1')).toMatchObject({ state: 'running' });
      } else {
        const writing = site.exec('web1', write).catch(() => null);
        const { reason } = await site.until('web1', ({ state }) => state === 'crashed');
        expect(reason).toContain('there is no space left for its disk xvdb (default/crash)');
        await writing;
      }
    } finally {
      await limitFiles('unlimited');
    }
    await site.done(api.domains.detachDisk({ domain: 'web1', disk: 'xvdb' }));
    await api.volumes.remove({ pool: 'default', volume: onError });
  });

  test('whose file was deleted pauses its domain, and is not there at its next start', async () => {
    const { api } = site;
    const source = 'default/gone.raw';
    await site.create('gone1', { host: 'alpha', disks: [{ source, sizeMiB: 16 }] });
    const put = (word: string) => `${HAS_DISK}; echo ${word} | dd of=/dev/xvda conv=fsync`;
    expect(await site.ask('gone1', `${put('kept')} 2>/dev/null && echo stable`)).toBe('stable');
    rmSync(volumeFile('gone.raw'));
    const writing = site.exec('gone1', put('lost')).catch(() => null);
    const { reason } = await site.until('gone1', ({ state }) => state === 'paused');
    expect(reason).toContain(`its disk xvda (${source}) cannot be read or written`);
    await api.domains.destroy({ domain: 'gone1' });
    await writing;
    await expect(site.done(api.domains.start({ domain: 'gone1' }))).rejects.toMatchObject({
      code: 'volume.unknown',
    });
    await site.done(api.domains.delete({ domain: 'gone1' }));
  });
});

test.skipIf(!existsSync('/dev/loop-control') || process.getuid?.() !== 0)(
  'a block device is a disk like any other, with one writer',
  async () => {
    const file = join(folder, 'device.img');
    writeFileSync(file, Buffer.alloc(8 * MIB));
    const { stdout } = await run('losetup', ['--find', '--show', file]);
    const source = stdout.trim();
    try {
      symlinkSync(source, join(folder, 'volume'));
      await site.create('dev1', { disks: [{ source: join(folder, 'volume') }] });
      expect(await site.get('dev1')).toMatchObject({ disks: [{ source, bytes: 8 * MIB }] });
      const second = site.create('dev2', { disks: [{ source }] });
      await expect(second).rejects.toMatchObject({ code: 'disk.in-use' });
      await site.ask('dev1', `${HAS_DISK}; echo there | dd of=/dev/xvda conv=fsync 2>/dev/null`);
      expect(readFileSync(source).subarray(0, 6).toString()).toBe('there\n');
      await site.done(site.api.domains.delete({ domain: 'dev1', force: true }));
    } finally {
      await run('losetup', ['--detach', source]);
    }
  },
);

test('a network block device is a disk like any other, with one writer', async () => {
  const file = join(folder, 'nbd.img');
  const pidFile = join(folder, 'nbd.pid');
  writeFileSync(file, Buffer.alloc(8 * MIB));
  const port = await freePort();
  const at = ['--bind=127.0.0.1', `--port=${port}`, '--export-name=root'];
  const how = ['--format=raw', '--persistent', '--shared=4', '--fork', `--pid-file=${pidFile}`];
  await run('qemu-nbd', [...at, ...how, file]);
  try {
    const source = `nbd://localhost:${port}/root`;
    await site.create('net1', { disks: [{ source }] });
    expect(await site.get('net1')).toMatchObject({ disks: [{ source, bytes: 8 * MIB }] });
    const second = site.create('net2', { disks: [{ source: `nbd://127.0.0.1:${port}/root` }] });
    await expect(second).rejects.toMatchObject({ code: 'disk.in-use' });
    await site.ask('net1', `${HAS_DISK}; echo there | dd of=/dev/xvda conv=fsync 2>/dev/null`);
    expect(readFileSync(file).subarray(0, 6).toString()).toBe('there\n');
    await site.done(site.api.domains.delete({ domain: 'net1', force: true }));
  } finally {
    process.kill(Number(readFileSync(pidFile, 'utf8')));
  }
});

test('a network block device outlives its server, which is waited for as long as the domain then', async () => {
  const file = join(folder, 'away.img');
  writeFileSync(file, Buffer.alloc(16 * MIB));
  await using server = await NbdServer.start(file);
  const source = `nbd://127.0.0.1:${server.port}/disk`;
  await site.create('net3', { disks: [{ source }] });
  const write = (from: number, to: number): string =>
    `for n in $(seq ${from} ${to}); do dd if=/tmp/a of=/dev/xvda bs=64k seek=$((n * 16)) conv=fsync 2>/dev/null || exit 1; done; ` +
    `echo 3 >/proc/sys/vm/drop_caches; ` +
    `for n in $(seq ${from} ${to}); do dd if=/dev/xvda bs=64k skip=$((n * 16)) count=16 2>/dev/null | cmp - /tmp/a || exit 1; done`;
  await site.ask('net3', `${HAS_DISK}; dd if=/dev/urandom of=/tmp/a bs=64k count=16 2>/dev/null`);
  const over = site.exec('net3', write(0, 7));
  for (const written of [1, 3, 5]) {
    const isEmpty = (): boolean =>
      readFileSync(file)
        .subarray(written * MIB, written * MIB + 512)
        .equals(Buffer.alloc(512));
    await expect.poll(isEmpty, { timeout: 120_000, interval: 200 }).toBe(false);
    await server.stop('SIGKILL');
    await server.again();
  }
  expect(await over).toEqual({ stdout: '', stderr: '', status: 0 });
  await server.stop();
  const later = site.exec('net3', write(8, 9));
  const paused = await site.until('net3', ({ state }) => state === 'paused');
  expect(paused.reason).toBe(`the server of its disk xvda (${source}) is away`);
  await server.again();
  await site.api.domains.unpause({ domain: 'net3' });
  expect(await later).toEqual({ stdout: '', stderr: '', status: 0 });
  await site.done(site.api.domains.delete({ domain: 'net3', force: true }));
  await server.stop();
  const content = readFileSync(file);
  const first = content.subarray(0, MIB);
  expect(first.equals(Buffer.alloc(MIB))).toBe(false);
  for (let n = 1; n < 10; n++) {
    expect(content.subarray(n * MIB, (n + 1) * MIB).equals(first)).toBe(true);
  }
});

test('pools, volumes and who uses them are the same when the site is opened again', async () => {
  const before = await site.api.pools.list({});
  await site.reopen();
  const after = await site.api.pools.list({});
  const stable = (pools: typeof before) =>
    pools.map(({ name, path, volumes }) => ({ name, path, volumes }));
  expect(stable(after)).toEqual(stable(before));
  await site.done(site.api.domains.start({ domain: 'web2' }));
  expect(await site.ask('web2', `${MOUNT}; cat /mnt/word`)).toBe('web2');
});
