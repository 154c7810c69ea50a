/** Disks of real guests, as the site's API gives, moves and takes them. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limitFiles } from './testing/file-limit.ts';
import { TestSite } from './testing/test-site.ts';

const run = promisify(execFile);
const MIB = 2 ** 20;
const PATIENCE = { timeout: 60_000, interval: 200 };
const HAS_DISK = 'until [ -b /dev/xvda ]; do usleep 50000; done';
const MOUNT = `${HAS_DISK}; mkdir -p /mnt; mount -t ext2 /dev/xvda /mnt`;

let site: TestSite;
let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'domus-files-'));
  site = await TestSite.open();
  await site.create('db', { host: 'alpha', disks: [{ source: at('db.img'), sizeMiB: 64 }] });
});
afterAll(async () => {
  await site.close();
  rmSync(folder, { recursive: true });
});

describe('a domain that is created with a disk', () => {
  test('has it, empty and sparse, and holds a file system on it', async () => {
    expect(await site.get('db')).toMatchObject({
      disks: [{ name: 'xvda', source: at('db.img'), format: 'raw', bytes: 64 * MIB }],
    });
    expect(statSync(at('db.img')).blocks).toBe(0);
    await site.ask(
      'db',
      `${HAS_DISK}; mke2fs -q /dev/xvda; mkdir -p /mnt; mount -t ext2 /dev/xvda /mnt`,
    );
    await site.ask('db', 'echo kept >/mnt/word; sync');
    expect(await site.ask('db', 'cat /sys/block/xvda/size')).toBe(String((64 * MIB) / 512));
  });

  test('keeps its file to itself, and says who has it', async () => {
    const second = site.create('thief', { disks: [{ source: at('db.img') }] });
    await expect(second).rejects.toMatchObject({
      code: 'disk.in-use',
      message: expect.stringContaining('in use by domain db, which writes it') as string,
    });
    const reader = site.create('thief', { disks: [{ source: at('db.img'), readOnly: true }] });
    await expect(reader).rejects.toMatchObject({ code: 'disk.in-use' });
    await expect(site.get('thief')).rejects.toMatchObject({ code: 'domain.unknown' });
  });

  test('moves while it writes, and loses nothing', async () => {
    const writing = site.exec(
      'db',
      'dd if=/dev/urandom of=/tmp/a bs=64k count=96 2>/dev/null; ' +
        'for n in 1 2 3 4 5 6; do dd if=/tmp/a of=/mnt/a bs=64k conv=fsync 2>/dev/null || exit 1; echo $n; done; ' +
        'umount /mnt; echo 3 >/proc/sys/vm/drop_caches; mount -t ext2 /dev/xvda /mnt; cmp /tmp/a /mnt/a',
    );
    await site.done(site.api.domains.migrate({ domain: 'db', host: 'beta' }));
    await site.done(site.api.domains.migrate({ domain: 'db', host: 'alpha' }));
    expect(await writing).toEqual({ stdout: '1\n2\n3\n4\n5\n6\n', stderr: '', status: 0 });
    expect(await site.ask('db', 'dmesg | grep -ci "i/o error" || true')).toBe('0');
  });

  test('keeps it when its move fails', async () => {
    const task = await site.api.domains.migrate({ domain: 'db', host: 'beta' });
    await site.site.parts.hosts.get('beta').terminate();
    expect(await site.api.tasks.wait({ id: task.id })).toMatchObject({
      state: 'failed',
      error: { code: 'migration.failed' },
    });
    await site.ask('db', 'dd if=/tmp/a of=/mnt/b bs=64k conv=fsync 2>/dev/null; cmp /tmp/a /mnt/b');
    await expect.poll(async () => (await site.api.hosts.list({}))[1]!.state, PATIENCE).toBe('up');
  });

  test('finds what it wrote after a reboot', async () => {
    await site.done(site.api.domains.reboot({ domain: 'db' }));
    expect(await site.ask('db', `${MOUNT}; cat /mnt/word`)).toBe('kept');
  });

  test('finds what it had synced after its thread was killed', async () => {
    for (let turn = 0; turn < 3; turn++) {
      const synced: number[] = [];
      const stream = await site.api.domains.exec({
        domain: 'db',
        command:
          'n=0; while :; do n=$((n+1)); echo $n >/mnt/n.new; sync; mv /mnt/n.new /mnt/n; sync; echo $n; done',
      });
      const { host, domid } = await site.get('db');
      try {
        for await (const chunk of stream) {
          if (chunk.type !== 'stdout') continue;
          const lines = Buffer.from(chunk.base64, 'base64').toString().trim().split('\n');
          synced.push(...lines.map(Number));
          if (synced.length < 4) continue;
          const { link } = site.site.parts.hosts.get(host);
          await link.call('domain.kill', { domid: domid! });
        }
      } catch {
        // Its line ends with it.
      }
      await site.until('db', ({ state }) => state === 'crashed');
      await site.done(site.api.domains.start({ domain: 'db' }));
      expect(Number(await site.ask('db', `${MOUNT}; cat /mnt/n`))).toBeGreaterThanOrEqual(
        synced.at(-1)!,
      );
    }
  });

  test('leaves a file that its own check finds clean', async () => {
    await site.ask('db', 'umount /mnt');
    await site.done(site.api.domains.shutdown({ domain: 'db' }));
    const { stdout } = await run('e2fsck', ['-fy', at('db.img')]).catch(
      (error: { code: number; stdout: string }) => {
        // 1: it found what a kill leaves, and mended it.
        if (error.code !== 1) throw error;
        return error;
      },
    );
    expect(stdout).toContain('files');
    expect((await run('e2fsck', ['-fn', at('db.img')])).stdout).toContain('files');
  });
});

describe('a disk of a domain that is off', () => {
  test('is another’s to use, and is resized, attached and detached in the definition', async () => {
    await site.create('reader', { disks: [{ source: at('db.img'), readOnly: true }] });
    expect(await site.ask('reader', `${HAS_DISK}; echo x >/dev/xvda || echo refused`)).toBe(
      'refused',
    );
    await expect(site.done(site.api.domains.start({ domain: 'db' }))).rejects.toMatchObject({
      code: 'disk.in-use',
      message: expect.stringContaining('in use by domain reader, which reads it') as string,
    });
    expect(await site.get('db')).toMatchObject({ state: 'shut-off' });
    await site.api.domains.destroy({ domain: 'reader' });
    const grown = await site.api.domains.resizeDisk({ domain: 'db', disk: 'xvda', sizeMiB: 80 });
    expect(grown.disks[0]!.bytes).toBe(80 * MIB);
    await expect(
      site.api.domains.resizeDisk({ domain: 'db', disk: 'xvda', sizeMiB: 10 }),
    ).rejects.toMatchObject({ code: 'disk.cannot-shrink' });
    await site.done(
      site.api.domains.attachDisk({ domain: 'db', source: at('log.img'), sizeMiB: 8 }),
    );
    expect((await site.get('db')).disks.map(({ name }) => name)).toEqual(['xvda', 'xvdb']);
  });

  test('is defined as before when the site is opened again', async () => {
    const { disks } = await site.get('db');
    await site.reopen();
    expect((await site.get('db')).disks).toEqual(disks);
    await site.done(site.api.domains.start({ domain: 'db' }));
    expect(await site.ask('db', `${MOUNT}; cat /mnt/word`)).toBe('kept');
  });
});

describe('a disk of a running domain', () => {
  test('is grown, detached and attached again', async () => {
    await site.api.domains.resizeDisk({ domain: 'db', disk: 'xvdb', sizeMiB: 16 });
    const sectors = String((16 * MIB) / 512);
    await expect.poll(() => site.ask('db', 'cat /sys/block/xvdb/size'), PATIENCE).toBe(sectors);
    await site.ask('db', 'echo there | dd of=/dev/xvdb conv=fsync 2>/dev/null');
    await site.done(site.api.domains.detachDisk({ domain: 'db', disk: 'xvdb' }));
    expect(await site.ask('db', '[ -e /dev/xvdb ] || echo gone')).toBe('gone');
    expect((await site.get('db')).disks).toHaveLength(1);
    const disk = { domain: 'db', source: at('log.img'), name: 'xvdc' };
    await site.done(site.api.domains.attachDisk(disk));
    expect(
      await site.ask('db', 'until [ -b /dev/xvdc ]; do usleep 50000; done; head -c 5 /dev/xvdc'),
    ).toBe('there');
  });

  test('that has no room pauses it with a reason, and it goes on once there is some', async () => {
    const writing = site.exec(
      'db',
      'dd if=/dev/urandom of=/tmp/a bs=64k count=16 2>/dev/null; ' +
        'dd if=/tmp/a of=/dev/xvdc bs=64k seek=128 conv=fsync 2>/dev/null || exit 1; ' +
        'echo 3 >/proc/sys/vm/drop_caches; dd if=/dev/xvdc bs=64k skip=128 count=16 2>/dev/null | cmp - /tmp/a',
    );
    await limitFiles(4 * MIB);
    try {
      const paused = await site.until('db', ({ state }) => state === 'paused');
      expect(paused.reason).toBe(`there is no space left for its disk xvdc (${at('log.img')})`);
      await site.api.domains.unpause({ domain: 'db' });
      const again = await site.until('db', ({ state }) => state === 'paused');
      expect(again.reason).toBe(paused.reason);
    } finally {
      await limitFiles('unlimited');
    }
    await site.api.domains.unpause({ domain: 'db' });
    expect(await writing).toEqual({ stdout: '', stderr: '', status: 0 });
    const events = [];
    for await (const event of await site.api.site.events({})) events.push(event);
    expect(events.findLast(({ kind }) => kind === 'domain.disk-failed')?.message).toMatch(
      /Make room there, then let it go on: domus unpause db/,
    );
  });

  test('that its guest does not take is taken back, and can be attached once it would', async () => {
    const autoprobe = '/sys/bus/xen/drivers_autoprobe';
    await site.ask('db', `${HAS_DISK}; echo 0 >${autoprobe}`);
    const { disks } = await site.get('db');
    const disk = { domain: 'db', source: at('refused.img'), sizeMiB: 4, name: 'xvdp' };
    await expect(site.done(site.api.domains.attachDisk(disk))).rejects.toMatchObject({
      code: 'device.guest-silent',
      message: expect.stringContaining('xvdp is not attached: its guest did not take it') as string,
    });
    expect(existsSync(disk.source)).toBe(false);
    expect((await site.get('db')).disks).toEqual(disks);
    await site.ask('db', `echo 1 >${autoprobe}`);
    await site.done(site.api.domains.attachDisk(disk));
    await site.ask('db', 'until [ -b /dev/xvdp ]; do usleep 50000; done');
  });

  test('stays when the domain is deleted', async () => {
    await site.done(site.api.domains.delete({ domain: 'db', force: true }));
    expect(existsSync(at('db.img'))).toBe(true);
    expect(existsSync(at('log.img'))).toBe(true);
  });
});
