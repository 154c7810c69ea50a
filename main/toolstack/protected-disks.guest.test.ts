/** Disks of protected guests, and hosts that die: what was written is there, and what was taken back is not. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Domain } from '../../shared/contract/index.ts';
import { counts, diskCounter } from './testing/disk-counter.ts';
import { loseHost, NumberClient, numberServer, protect } from './testing/failovers.ts';
import { limitFiles } from './testing/file-limit.ts';
import { TestSite } from './testing/test-site.ts';

const run = promisify(execFile);
const FAILOVERS = 2;
let site: TestSite;
let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'domus-protected-'));
  site = await TestSite.open();
  await site.create('guarded', {
    host: 'alpha',
    interfaces: [{ network: 'default' }],
    disks: [
      { source: at('numbers.qcow2'), sizeMiB: 16 },
      { source: at('files.img'), sizeMiB: 64 },
      { source: at('log.img'), sizeMiB: 16 },
    ],
  });
  const ready =
    'until [ -b /dev/xvda ] && [ -b /dev/xvdb ] && [ -b /dev/xvdc ]; do usleep 50000; done';
  await site.ask(
    'guarded',
    `${ready}; mke2fs -q /dev/xvdb; mkdir -p /mnt; mount -t ext2 /dev/xvdb /mnt`,
  );
});
afterAll(async () => {
  await site.close();
  rmSync(folder, { recursive: true });
});

const protectIt = (): Promise<Domain> => protect(site, 'guarded');

describe('a protected domain with disks', () => {
  test('has on them what its last checkpoint knows of, and nothing that a failover takes back', async () => {
    await site.ask('guarded', diskCounter('/dev/xvda'));
    await counts(site, 'guarded');
    for (let failover = 0; failover < FAILOVERS; failover++) {
      await protectIt();
      await counts(site, 'guarded');
      await sleep(Math.random() * 300);
      await loseHost(site, 'guarded');
      await counts(site, 'guarded');
    }
  });

  test('goes on writing when its protection ends, and when its standby is lost', async () => {
    await protectIt();
    await counts(site, 'guarded');
    await site.api.domains.unprotect({ domain: 'guarded' });
    await counts(site, 'guarded');
    const { protection } = await protectIt();
    await site.site.parts.hosts.get(protection!.host).terminate();
    await site.until('guarded', (domain) => domain.protection === null);
    await counts(site, 'guarded');
    await site.ask('guarded', 'killall counter');
  });

  test('loses nothing that it said was synced, to whoever was told', async () => {
    await site.ask('guarded', numberServer('/mnt/kept', 'sync', 5000));
    const { port } = await site.api.forwards.add({ domain: 'guarded', port: 0, toPort: 5000 });
    const client = new NumberClient(port);
    for (let failover = 0; failover < FAILOVERS; failover++) {
      await protectIt();
      await client.progress(5);
      await sleep(Math.random() * 300);
      await loseHost(site, 'guarded');
      await client.progress(5);
    }
    const told = client.end();
    await site.ask('guarded', 'sync; echo 3 >/proc/sys/vm/drop_caches');
    const kept = (await site.ask('guarded', 'cat /mnt/kept')).split('\n').map(Number);
    NumberClient.expectKept(kept, told);
    expect(await site.ask('guarded', 'dmesg | grep -ci "i/o error" || true')).toBe('0');
  });

  test('is written to in great pieces while its host dies, and has them whole', async () => {
    await protectIt();
    const writing = site.exec(
      'guarded',
      'dd if=/dev/urandom of=/tmp/a bs=64k count=80 2>/dev/null; ' +
        'for n in 1 2 3; do dd if=/tmp/a of=/mnt/a bs=64k conv=fsync 2>/dev/null || exit 1; echo $n; done; ' +
        'echo 3 >/proc/sys/vm/drop_caches; cmp /tmp/a /mnt/a',
    );
    await sleep(1000 + Math.random() * 1000);
    await loseHost(site, 'guarded');
    expect(await writing).toEqual({ stdout: '1\n2\n3\n', stderr: '', status: 0 });
  });

  test('waits for room on a disk that is full, on the one host and then on the other', async () => {
    await protectIt();
    await limitFiles(4 * 2 ** 20);
    const writing = site.exec(
      'guarded',
      'dd if=/tmp/a of=/dev/xvdc bs=64k conv=fsync 2>/dev/null && echo 3 >/proc/sys/vm/drop_caches && ' +
        'dd if=/dev/xvdc bs=64k count=80 2>/dev/null | cmp /tmp/a -',
    );
    try {
      await site.until('guarded', ({ state }) => state === 'paused');
      await loseHost(site, 'guarded');
      const paused = await site.until('guarded', ({ state }) => state === 'paused');
      expect(paused.reason).toContain('there is no space left for its disk xvdc');
    } finally {
      await limitFiles('unlimited');
    }
    await site.api.domains.unpause({ domain: 'guarded' });
    expect(await writing).toEqual({ stdout: '', stderr: '', status: 0 });
  });

  test('keeps its disks as they are meanwhile', async () => {
    await protectIt();
    const domain = 'guarded';
    const asked = [
      site.api.domains.attachDisk({ domain, source: at('new.img'), sizeMiB: 16 }),
      site.api.domains.resizeDisk({ domain, disk: 'xvdb', sizeMiB: 128 }),
      site.api.domains.detachDisk({ domain, disk: 'xvdb' }),
      site.api.domains.moveDisk({ domain, disk: 'xvda', pool: 'default' }),
    ];
    for (const each of asked)
      await expect(each).rejects.toMatchObject({ code: 'domain.protected' });
  });

  test('leaves files that checks of others find clean', async () => {
    await site.api.domains.unprotect({ domain: 'guarded' });
    await site.ask('guarded', 'killall nc; umount /mnt');
    await site.done(site.api.domains.shutdown({ domain: 'guarded' }));
    expect((await run('e2fsck', ['-fn', at('files.img')])).stdout).toContain('files');
    expect((await run('qemu-img', ['check', at('numbers.qcow2')])).stdout).toContain('No errors');
  });
});

test('a domain whose disk only its host sees is refused, with what to do', async () => {
  await site.api.pools.add({ name: 'fast', kind: 'local', host: 'alpha' });
  await site.create('bound', { host: 'alpha', disks: [{ source: 'fast/a', sizeMiB: 16 }] });
  const asked = site.api.domains.protect({ domain: 'bound', host: 'beta' });
  await expect(asked).rejects.toThrow(
    /its disk xvda \(fast\/a\) is in a local pool, which only alpha sees: move it to a shared pool first/,
  );
});
