/** A running guest with a disk and an interface, copied into a machine of its own. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CloneReport } from '../../shared/contract/index.ts';
import { TestSite } from './testing/test-site.ts';

const PATIENCE = { timeout: 60_000, interval: 200 };
let site: TestSite;

beforeAll(async () => {
  site = await TestSite.open();
  await site.create('dolly', {
    host: 'alpha',
    disks: [{ source: 'default/wool', sizeMiB: 64 }],
    interfaces: [{ network: 'default' }],
  });
  await site.ask('dolly', 'mke2fs -q /dev/xvda && mkdir -p /mnt && mount /dev/xvda /mnt');
  await site.exec(
    'dolly',
    '(n=0; while :; do n=$((n+1)); echo $n >/mnt/count.new; mv /mnt/count.new /mnt/count; sync; echo $n >/tmp/count.new; mv /tmp/count.new /tmp/count; sleep 0.2; done) >/dev/null 2>&1 &',
  );
  await site.ask('dolly', 'until [ "$(cat /tmp/count)" -gt 2 ]; do sleep 0.1; done 2>/dev/null');
}, 400_000);
afterAll(() => site.close());

/** What it has in memory; what it has on its medium is no older. */
async function counts(name: string): Promise<number> {
  const text = await site.ask(
    name,
    'sync; echo 3 >/proc/sys/vm/drop_caches; cat /tmp/count /mnt/count',
  );
  const [inMemory, onDisk] = text.split('\n').map(Number);
  expect(onDisk! - inMemory!).toBeGreaterThanOrEqual(0);
  return inMemory!;
}

describe('a clone of a running domain', { timeout: 240_000 }, () => {
  let report: CloneReport;

  test('goes on from where the original is, and both go on', async () => {
    const before = await counts('dolly');
    const boot = await site.ask('dolly', 'cut -d" " -f1 /proc/uptime');
    const task = await site.done(site.api.domains.clone({ domain: 'dolly', name: 'polly' }));
    report = task.result as CloneReport;
    expect(task.title).toMatch(/^Cloned dolly to polly \(\d+\.\d s\)$/);
    expect(report.downtimeMs).toBeGreaterThan(0);
    for (const name of ['dolly', 'polly']) {
      const now = await counts(name);
      expect(now).toBeGreaterThan(before);
      await expect.poll(() => counts(name), PATIENCE).toBeGreaterThan(now);
      expect(Number(await site.ask(name, 'cut -d" " -f1 /proc/uptime'))).toBeGreaterThan(
        Number(boot),
      );
      expect(await site.ask(name, 'dmesg | grep -ci "i/o error\\|ext.-fs error" || true')).toBe(
        '0',
      );
    }
  });

  test('is a machine of its own: name, number, ids, addresses, time', async () => {
    const [original, copy] = [await site.get('dolly'), await site.get('polly')];
    expect(copy.uuid).toBe(report.uuid);
    expect(copy.domid).not.toBe(original.domid);
    expect(copy.interfaces[0]!.mac).not.toBe(original.interfaces[0]!.mac);
    expect(copy.interfaces[0]!.address).not.toBe(original.interfaces[0]!.address);
    expect(await site.ask('polly', 'hostname')).toBe('polly');
    expect(await site.ask('polly', 'cat /etc/machine-id')).toBe(copy.uuid.replaceAll('-', ''));
    expect(await site.ask('polly', 'cat /sys/class/net/eth0/address')).toBe(
      copy.interfaces[0]!.mac,
    );
    expect(await site.ask('dolly', 'cat /sys/class/net/eth0/address')).toBe(
      original.interfaces[0]!.mac,
    );
    const random = 'head -c 16 /dev/urandom | md5sum';
    expect(await site.ask('polly', random)).not.toBe(await site.ask('dolly', random));
    const ids = 'cat /proc/sys/kernel/random/boot_id';
    expect(await site.ask('polly', ids)).not.toBe(await site.ask('dolly', ids));
    const now = Date.now() / 1000;
    expect(Math.abs(Number(await site.ask('polly', 'date +%s')) - now)).toBeLessThan(5);
  });

  test('has a network, and speaks with the original by its own address', async () => {
    const { address } = (await site.get('dolly')).interfaces[0]!;
    await site.ask('polly', `ping -c 2 -W 5 ${address}`);
    const own = (await site.get('polly')).interfaces[0]!.address;
    await site.ask('dolly', `ping -c 2 -W 5 ${own}`);
  });

  test('writes disks of its own', async () => {
    await site.ask('polly', 'echo only here >/mnt/polly; sync');
    expect(await site.ask('dolly', 'ls /mnt')).not.toContain('polly');
    const sources = async (name: string) => (await site.get(name)).disks.map((one) => one.source);
    expect(await sources('polly')).not.toEqual(await sources('dolly'));
    await site.done(
      site.api.domains.attachDisk({ domain: 'polly', source: 'default/more', sizeMiB: 8 }),
    );
    await site.ask('polly', 'until [ -b /dev/xvdb ]; do usleep 50000; done');
    await site.done(site.api.domains.detachDisk({ domain: 'polly', disk: 'xvdb' }));
  });

  test('is cloned, saved, moved and shut down as any other, and so is the original', async () => {
    await site.done(site.api.domains.clone({ domain: 'polly', name: 'molly' }));
    await counts('molly');
    await site.done(site.api.domains.save({ domain: 'molly' }));
    await site.done(site.api.domains.start({ domain: 'molly' }));
    await counts('molly');
    await site.done(site.api.domains.migrate({ domain: 'molly', host: 'beta' }));
    await counts('molly');
    for (const name of ['molly', 'polly', 'dolly']) {
      await site.done(site.api.domains.shutdown({ domain: name }));
      expect(await site.get(name)).toMatchObject({ state: 'shut-off' });
    }
    await site.done(site.api.domains.start({ domain: 'polly' }));
    await site.ask('polly', 'mkdir -p /mnt; mount /dev/xvda /mnt; cat /mnt/polly');
  });

  test('is refused under a name that is taken, and of a domain that does not run', async () => {
    await expect(site.api.domains.clone({ domain: 'polly', name: 'dolly' })).rejects.toMatchObject({
      code: 'domain.exists',
    });
    await expect(site.api.domains.clone({ domain: 'dolly', name: 'other' })).rejects.toMatchObject({
      code: 'domain.wrong-state',
    });
  });
});
