/** Disks of Debian guests, through the kernel's own block front end. */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDiskRing } from '../dom0/index.ts';
import { guestImage } from './testing/guest-image.ts';
import type { TestDisk } from './testing/test-disks.ts';
import { TestDisks } from './testing/test-disks.ts';
import type { TestDomain } from './testing/test-host.ts';
import { newDomain, TestHost } from './testing/test-host.ts';

const run = promisify(execFile);
const HOST_MIB = 512;
const MIB = 2 ** 20;

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

describe('a guest’s disks', { timeout: 240_000 }, () => {
  let alpha: TestHost;
  let disks: TestDisks;
  let guest: TestDomain;
  let root: TestDisk;
  const ask = (command: string): Promise<string> => guest.console.run(command);
  const attach = (disk: TestDisk): Promise<void> =>
    alpha.channel.call('domain.attachDisk', { domid: guest.spec.domid, disk: disk.spec });
  const detach = (name: string): Promise<void> =>
    alpha.channel.call('domain.detachDisk', { domid: guest.spec.domid, name });

  beforeAll(async () => {
    [alpha, disks] = await Promise.all([TestHost.start('alpha', HOST_MIB), TestDisks.start()]);
    guest = newDomain('disks', 128);
    root = await disks.create('xvda', 64 * MIB, guest.spec.doorbell);
    guest.spec.disks.push(root.spec);
    const boot = await guestImage('disks');
    await alpha.channel.call('domain.boot', { spec: guest.spec, boot });
    await guest.console.ready();
    await ask('until [ -b /dev/xvda ]; do usleep 50000; done');
  }, 240_000);

  afterAll(async () => {
    await alpha.stop();
    await disks.stop();
  });

  it('are there after boot, with the size and the features that were offered', async () => {
    expect(await ask('cat /sys/block/xvda/size')).toBe(String((64 * MIB) / 512));
    expect(await ask('cat /sys/block/xvda/queue/write_cache')).toBe('write back');
    expect(await ask('dmesg | grep "blkfront: xvda"')).toContain('flush diskcache: enabled');
  });

  it('leave the order of their requests to the host', async () => {
    const chosen = (disk: string): Promise<string> =>
      ask(`until grep -F "[none]" /sys/block/${disk}/queue/scheduler; do usleep 50000; done`);
    expect(await chosen('xvda')).toContain('mq-deadline');
    const disk = await disks.create('xvdd', MIB, guest.spec.doorbell);
    await attach(disk);
    expect(await chosen('xvdd')).toContain('mq-deadline');
    await detach('xvdd');
    await disk.close();
  });

  it('hold a file system that its own check finds clean, and the bytes that were written', async () => {
    await ask('mke2fs -q /dev/xvda && mkdir -p /mnt && mount /dev/xvda /mnt');
    await ask('dd if=/dev/urandom of=/mnt/a bs=64k count=160 2>/dev/null; sync');
    const before = await ask('md5sum </mnt/a');
    await ask('cp /mnt/a /mnt/b; umount /mnt; echo 3 >/proc/sys/vm/drop_caches');
    const { stdout } = await run('e2fsck', ['-fn', root.path]);
    expect(stdout).toContain('files');
    await ask('mount /dev/xvda /mnt');
    expect(await ask('md5sum </mnt/a')).toBe(before);
    expect(await ask('md5sum </mnt/b')).toBe(before);
    await ask('umount /mnt');
  });

  it('are hot-plugged and unplugged, any number of times, and read-only ones stay as they are', async () => {
    const content = randomBytes(5 * MIB);
    for (let turn = 0; turn < 3; turn++) {
      const disk = await disks.create('xvdb', content, guest.spec.doorbell, true);
      await attach(disk);
      expect(await ask('until [ -b /dev/xvdb ]; do usleep 50000; done; md5sum </dev/xvdb')).toBe(
        `${md5(content)}  -`,
      );
      expect(await ask('echo x >/dev/xvdb || echo refused')).toContain('refused');
      await detach('xvdb');
      expect(await ask('[ -e /sys/block/xvdb ] || echo gone')).toBe('gone');
      await disk.close();
    }
  });

  it('grow while they are in use', async () => {
    const disk = await disks.create('xvdc', 8 * MIB, guest.spec.doorbell);
    await attach(disk);
    await disks.channel.call('disk.resize', { disk: 'xvdc', bytes: 16 * MIB });
    await alpha.channel.call('domain.resizeDisk', {
      domid: guest.spec.domid,
      name: 'xvdc',
      bytes: 16 * MIB,
    });
    expect(
      await ask(
        `until [ "$(cat /sys/block/xvdc/size 2>/dev/null)" = ${(16 * MIB) / 512} ]; do usleep 50000; done; ` +
          'dd if=/dev/zero bs=1M count=16 2>/dev/null | tr "\\0" "x" >/dev/xvdc && sync && md5sum </dev/xvdc',
      ),
    ).toBe(`${md5(Buffer.alloc(16 * MIB, 'x'))}  -`);
    await detach('xvdc');
    await disk.close();
  });

  it('are found anew by a driver that lets go of them, or is taken away and comes back', async () => {
    await ask('dd if=/dev/urandom of=/dev/xvda bs=1M count=2 2>/dev/null; sync');
    const before = await ask('dd if=/dev/xvda bs=1M count=2 2>/dev/null | md5sum');
    for (let turn = 0; turn < 3; turn++) {
      await ask(
        `echo vbd-51712 >/sys/bus/xen/drivers/vbd/unbind${turn > 0 ? '; rmmod xen_blkfront' : ''}`,
      );
      expect(await ask('[ -e /sys/block/xvda ] || echo gone')).toBe('gone');
      await ask('until [ -b /dev/xvda ]; do usleep 50000; done');
      expect(await ask('dd if=/dev/xvda bs=1M count=2 2>/dev/null | md5sum')).toBe(before);
    }
  });

  it('move with the domain, while they are written', async () => {
    const beta = await TestHost.start('beta', HOST_MIB);
    try {
      guest.console.type(
        'dd if=/dev/urandom of=/tmp/a bs=64k count=160 2>/dev/null; ' +
          'for turn in 1 2 3 4; do dd if=/tmp/a of=/dev/xvda bs=64k conv=fsync 2>/dev/null; echo wrote-$turn; done\n',
      );
      await guest.console.until(/wrote-1\r/);
      await moveWithDisks(alpha, beta);
      await guest.console.until(/wrote-4\r/);
      await ask('echo 3 >/proc/sys/vm/drop_caches');
      const written = await ask('md5sum </tmp/a');
      expect(await ask('dd if=/dev/xvda bs=64k count=160 2>/dev/null | md5sum')).toBe(written);
      expect(await ask('dmesg | grep -ci "i/o error"')).toBe('0');
      await beta.channel.call('domain.destroy', { domid: guest.spec.domid });
    } finally {
      await beta.stop();
    }
  });

  /** As `move`, with the disk handed over once the source has stopped. */
  async function moveWithDisks(from: TestHost, to: TestHost): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    const { domid } = guest.spec;
    root.spec.ring = createDiskRing();
    const spec = { ...guest.spec, disks: [root.spec] };
    const transfer = { transfer: [port2] };
    await to.channel.call('migration.prepare', { spec, link: port2 }, transfer);
    const sending = { transfer: [port1] };
    await Promise.all([
      from.channel.call('migration.send', { domid, link: port1 }, sending),
      to.channel.call('migration.received', { domid }),
    ]);
    await root.reopen();
    await to.channel.call('migration.activate', { domid });
    await from.channel.call('migration.discard', { domid });
  }
});
