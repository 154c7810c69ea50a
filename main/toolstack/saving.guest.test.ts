/** Domains that are saved and go on, with a disk and an interface. */
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SaveReport } from '../../shared/contract/index.ts';
import { DomainCounter } from '../hypervisor/index.ts';
import { limitFiles } from './testing/file-limit.ts';
import { TestSite } from './testing/test-site.ts';

const PATIENCE = { timeout: 60_000, interval: 200 };
const GUEST = 'keeper';
const MIB = 2 ** 20;
let site: TestSite;

beforeAll(async () => {
  site = await TestSite.open();
  await site.create(GUEST, {
    host: 'alpha',
    disks: [{ source: 'default/data', sizeMiB: 64, format: 'qcow2' }],
    interfaces: [{ network: 'default' }],
  });
  await site.ask(GUEST, 'mke2fs -q /dev/xvda && mkdir -p /mnt && mount /dev/xvda /mnt');
  // Counts in memory and on the disk, each step on both: what a mix of two instants would show.
  await site.exec(
    GUEST,
    '(n=0; while :; do n=$((n+1)); echo $n >/mnt/count.new; sync /mnt/count.new; mv /mnt/count.new /mnt/count; echo $n >/tmp/count.new; mv /tmp/count.new /tmp/count; sleep 0.2; done) >/dev/null 2>&1 &',
  );
  await site.ask(GUEST, 'until [ "$(cat /tmp/count)" -gt 2 ]; do sleep 0.1; done 2>/dev/null');
}, 400_000);
afterAll(() => site.close());

const count = (): Promise<number> => site.ask(GUEST, 'cat /tmp/count').then(Number);
const bootId = (): Promise<string> => site.ask(GUEST, 'cat /proc/sys/kernel/random/boot_id');
/** Bytes of what is translated of its code, as far as it was told. */
const translated = async (): Promise<number> => {
  const { uuid } = await site.get(GUEST);
  const { counters } = site.parts.domains.byUuid(uuid)!.running!;
  return counters.values[DomainCounter.generatedCodeBytes]!;
};
const at = (name: string): string => join(site.folder, name);

async function goesOn(since: number): Promise<void> {
  await expect.poll(count, PATIENCE).toBeGreaterThan(since);
  expect(await site.ask(GUEST, 'dmesg | grep -ci "i/o error\\|ext.-fs error" || true')).toBe('0');
  await site.ask(GUEST, 'ping -c 2 -W 5 10.77.0.1');
  const before = Date.now() / 1000;
  await expect
    .poll(async () => Math.abs(Number(await site.ask(GUEST, 'date +%s')) - before), PATIENCE)
    .toBeLessThan(15);
}

describe('a domain that the program keeps', { timeout: 240_000 }, () => {
  test('is saved, survives the end of the program, and goes on where it was', async () => {
    const boot = await bootId();
    const before = await count();
    const task = await site.done(site.api.domains.save({ domain: GUEST }));
    expect(task.result).toMatchObject({ file: null, downtimeMs: null });
    expect(await site.get(GUEST)).toMatchObject({ state: 'saved', domid: null });
    const [alpha] = await site.api.hosts.list({});
    expect(alpha!.freeKiB).toBe(alpha!.memoryKiB - alpha!.domain0KiB);
    await site.reopen();
    expect(await site.get(GUEST)).toMatchObject({ state: 'saved' });
    await site.done(site.api.domains.start({ domain: GUEST }));
    expect(await site.get(GUEST)).toMatchObject({ state: 'running', host: 'alpha' });
    expect(await bootId()).toBe(boot);
    await goesOn(before);
    expect((await site.api.domains.dmesg({ domain: GUEST })).text).toContain('Linux version');
  });

  test('goes on when there is no room for it, and nothing half made stays', async () => {
    const boot = await bootId();
    const before = await count();
    await limitFiles(8 * MIB);
    try {
      const asked = [
        () => site.api.domains.save({ domain: GUEST }),
        () => site.api.checkpoints.create({ domain: GUEST, label: 'full' }),
      ];
      for (const ask of asked) {
        await expect(site.done(ask())).rejects.toMatchObject({
          code: 'storage.no-space',
          message: expect.stringContaining('Free some space') as string,
        });
        expect(await site.get(GUEST)).toMatchObject({ state: 'running' });
      }
    } finally {
      await limitFiles('unlimited');
    }
    expect(readdirSync(at('states'))).toEqual([]);
    expect(await site.api.checkpoints.list({ domain: GUEST })).toEqual([]);
    expect(await bootId()).toBe(boot);
    await goesOn(before);
  });

  test('is not given or robbed of devices, nor booted, and forcing it off gives it up', async () => {
    await site.done(site.api.domains.save({ domain: GUEST }));
    await expect(
      site.api.domains.attachInterface({ domain: GUEST, network: 'default' }),
    ).rejects.toMatchObject({ code: 'domain.wrong-state' });
    await expect(site.api.domains.start({ domain: GUEST, cold: true })).rejects.toMatchObject({
      code: 'domain.saved',
    });
    await site.done(site.api.domains.start({ domain: GUEST }));
  });
});

describe('a file', { timeout: 240_000 }, () => {
  let file: string;

  test('is written while the domain goes on, which stands still for a moment', async () => {
    file = at('running.state');
    const before = await count();
    const task = await site.done(
      site.api.domains.save({ domain: GUEST, file, leaveRunning: true }),
    );
    const report = task.result as SaveReport;
    expect(report).toMatchObject({ file, downtimeMs: expect.any(Number) as number });
    expect(report.bytes).toBe(readFileSync(file).length);
    await goesOn(before);
    await expect(site.api.domains.restore({ file })).rejects.toMatchObject({
      code: 'domain.exists',
    });
  });

  test('whose domain has written its disks since is refused', async () => {
    await site.api.domains.destroy({ domain: GUEST });
    await expect(site.done(site.api.domains.restore({ file }))).rejects.toMatchObject({
      code: 'state.disks-changed',
    });
    expect(await site.get(GUEST)).toMatchObject({ state: 'shut-off' });
    await site.done(site.api.domains.restore({ file, force: true }));
    await site.ask(GUEST, 'true');
  });

  test('that was saved to brings it back on another host, paused if it should be', async () => {
    const saved = at('moved.state');
    const before = await count();
    const works = 'n=0; while [ $n -lt 20000 ]; do n=$((n+1)); done';
    await expect
      .poll(() => site.ask(GUEST, works).then(translated), PATIENCE)
      .toBeGreaterThan(1 << 16);
    const code = await translated();
    await site.done(site.api.domains.save({ domain: GUEST, file: saved }));
    expect(await site.get(GUEST)).toMatchObject({
      state: 'shut-off',
      reason: `it was saved to ${saved}`,
    });
    await site.done(site.api.domains.restore({ file: saved, host: 'beta', paused: true }));
    expect(await site.get(GUEST)).toMatchObject({ state: 'paused', host: 'beta' });
    expect(await translated()).toBeGreaterThan(code / 2);
    await site.api.domains.unpause({ domain: GUEST });
    await goesOn(before);
  });

  test('brings back a domain that was deleted', async () => {
    const saved = at('deleted.state');
    const before = await count();
    await site.done(site.api.domains.save({ domain: GUEST, file: saved }));
    await site.done(site.api.domains.delete({ domain: GUEST }));
    await site.reopen();
    await expect(site.get(GUEST)).rejects.toMatchObject({ code: 'domain.unknown' });
    await site.done(site.api.domains.restore({ file: saved, paused: true }));
    // A file holds none of it.
    expect(await translated()).toBe(0);
    await site.api.domains.unpause({ domain: GUEST });
    await goesOn(before);
  });

  test.each([
    ['is cut off', (path: string) => truncateSync(path, readFileSync(path).length - 100)],
    ['is cut off in its stream', (path: string) => truncateSync(path, 1 << 20)],
    ['has a flipped bit in a page', (path: string) => flip(path, 5 << 20)],
    ['has a flipped bit in what it says', (path: string) => flip(path, -200)],
    ['is something else', (path: string) => writeFileSync(path, 'x'.repeat(4096))],
    ['is empty', (path: string) => writeFileSync(path, '')],
  ])('that %s starts nothing', async (_, damage) => {
    const [saved, copy] = [at('sound.state'), at('damaged.state')];
    if (!existsSync(saved)) await site.done(site.api.domains.save({ domain: GUEST, file: saved }));
    copyFileSync(saved, copy);
    damage(copy);
    const asked = site.api.domains
      .restore({ file: copy })
      .then((task) => site.done(Promise.resolve(task)));
    await expect(asked).rejects.toMatchObject({
      code: expect.stringMatching(/^state\.(damaged|not-a-state)$/) as string,
      message: expect.stringContaining('Nothing was started from it') as string,
    });
    expect(await site.get(GUEST)).toMatchObject({ state: 'shut-off' });
    for (const host of await site.api.hosts.list({})) {
      expect(host.freeKiB).toBe(host.memoryKiB - host.domain0KiB);
    }
  });

  test('is refused where there is no memory, and starts its domain where there is', async () => {
    await site.api.hosts.add({ name: 'tiny', memoryMiB: 64, pcpus: 1 });
    const saved = at('sound.state');
    await expect(
      site.done(site.api.domains.restore({ file: saved, host: 'tiny' })),
    ).rejects.toMatchObject({ code: 'host.out-of-memory' });
    await site.done(site.api.domains.restore({ file: saved, host: 'alpha' }));
    await goesOn(0);
  });
});

function flip(path: string, where: number): void {
  const bytes = readFileSync(path);
  const index = where < 0 ? bytes.length + where : where;
  bytes[index]! ^= 4;
  writeFileSync(path, bytes);
}
