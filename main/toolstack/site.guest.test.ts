import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestSite } from './testing/test-site.ts';

const MIB = 1024;
const PATIENCE = { timeout: 60_000, interval: 200 };
let site: TestSite;

beforeAll(async () => {
  site = await TestSite.open();
});
afterAll(() => site.close());

describe('clones', () => {
  test('are machines of their own: name, ids, entropy, clock', async () => {
    const [one, two] = await Promise.all([
      site.create('one', { host: 'alpha' }),
      site.create('two', { host: 'beta' }),
    ]);
    expect(one.state).toBe('running');
    expect(one.domid).not.toBe(two.domid);
    const facts = (name: string): Promise<string> =>
      site.ask(
        name,
        'hostname; cat /etc/machine-id /proc/sys/kernel/random/boot_id; head -c 64 /dev/urandom | od -An -v -tx1',
      );
    const [of1, of2] = [(await facts('one')).split('\n'), (await facts('two')).split('\n')];
    expect(of1[0]).toBe('one');
    expect(of2[0]).toBe('two');
    expect(of1[1]).toBe(one.uuid.replaceAll('-', ''));
    expect(of1[2]).not.toBe(of2[2]);
    expect(of1[3]!.trim()).not.toBe(of2[3]!.trim());
    const before = Date.now() / 1000;
    const guestSeconds = Number(await site.ask('one', 'date +%s'));
    expect(guestSeconds).toBeGreaterThan(before - 2);
    expect(guestSeconds).toBeLessThan(Date.now() / 1000 + 2);
  });

  test('begin on a screen of their own, with what was printed before', async () => {
    const { text } = await site.api.domains.dmesg({ domain: 'one' });
    expect(text).toMatch(/Linux version/);
  });
});

describe('commands in a guest', () => {
  test('keep output, errors and status apart', async () => {
    const output = await site.exec('one', 'echo out; echo err >&2; exit 7');
    expect(output).toEqual({ stdout: 'out\n', stderr: 'err\n', status: 7 });
  });

  test('run at once, each with its own output, and lose none of it', async () => {
    const outputs = await Promise.all(
      ['a', 'b', 'c'].map((word) => site.exec('one', `yes ${word} | head -n 20000`)),
    );
    for (const [index, word] of ['a', 'b', 'c'].entries()) {
      expect(outputs[index]!.stdout).toBe(`${word}\n`.repeat(20_000));
    }
  });

  test('that are cancelled end in the guest', async () => {
    const leave = new AbortController();
    const sleeping = site.exec('one', 'exec sleep 4711', leave.signal);
    const failed = expect(sleeping).rejects.toMatchObject({ code: 'agent.cancelled' });
    const running = (): Promise<string> => site.ask('one', 'pidof sleep || true');
    await expect.poll(running, PATIENCE).not.toBe('');
    leave.abort();
    await failed;
    await expect.poll(running, PATIENCE).toBe('');
  });
});

describe('memory', () => {
  test('shrinks and grows to the page, and the host has what the guest gave back', async () => {
    const free = await site.freeKiB('alpha');
    const inside = async (): Promise<number> =>
      Number(
        await site.ask('one', 'cat /sys/devices/system/xen_memory/xen_memory0/info/current_kb'),
      );
    const before = await inside();
    await site.api.domains.setMemory({ domain: 'one', memoryMiB: 64 });
    await site.untilActualKiB('one', (kib) => kib === 64 * MIB);
    expect(await site.freeKiB('alpha')).toBe(free + 64 * MIB);
    expect(await inside()).toBe(before - 64 * MIB);
    await site.api.domains.setMemory({ domain: 'one', memoryMiB: 128 });
    await site.untilActualKiB('one', (kib) => kib === 128 * MIB);
    expect(await site.freeKiB('alpha')).toBe(free);
  });

  test.each([
    [1, 'memory.too-small'],
    [129, 'memory.above-maximum'],
    [100_000, 'memory.above-maximum'],
  ])('%d MiB is refused and changes nothing', async (memoryMiB, code) => {
    const asked = site.api.domains.setMemory({ domain: 'one', memoryMiB });
    await expect(asked).rejects.toMatchObject({ code });
    expect((await site.get('one')).memory.targetKiB).toBe(128 * MIB);
  });

  test('what a host has not got cannot be created there', async () => {
    const asked = site.api.domains.create({ name: 'big', host: 'alpha', memoryMiB: 900 });
    await expect(asked).rejects.toMatchObject({ code: 'host.out-of-memory' });
    await expect(site.get('big')).rejects.toMatchObject({ code: 'domain.unknown' });
  });
});

describe('power', () => {
  test('a paused guest stands still, and says why it takes no commands', async () => {
    const paused = await site.api.domains.pause({ domain: 'two' });
    expect(paused.state).toBe('paused');
    await expect(site.exec('two', 'true')).rejects.toMatchObject({ code: 'domain.wrong-state' });
    await expect(site.api.domains.pause({ domain: 'two' })).rejects.toThrow(/is paused/);
    await sleep(3000);
    expect((await site.api.domains.unpause({ domain: 'two' })).state).toBe('running');
    const secondsLate = async (): Promise<number> =>
      Math.round(Date.now() / 1000 - Number(await site.ask('two', 'date +%s')));
    await expect.poll(secondsLate, PATIENCE).toBeLessThan(2);
  });

  test('a reboot gives a new life with the same identity', async () => {
    const before = await site.get('two');
    await site.ask('two', 'touch /tmp/mark');
    const task = await site.done(site.api.domains.reboot({ domain: 'two' }));
    expect(task.title).toBe('Rebooted two');
    const after = await site.get('two');
    expect(after).toMatchObject({ state: 'running', uuid: before.uuid });
    expect(after.domid).not.toBe(before.domid);
    expect(await site.ask('two', 'test -e /tmp/mark || hostname')).toBe('two');
  });

  test('a shutdown leaves the definition, and its memory is free again', async () => {
    const free = await site.freeKiB('beta');
    await site.done(site.api.domains.shutdown({ domain: 'two' }));
    expect(await site.get('two')).toMatchObject({ state: 'shut-off', domid: null });
    expect(await site.freeKiB('beta')).toBe(free + 128 * MIB);
    await expect(site.exec('two', 'true')).rejects.toMatchObject({ code: 'domain.not-running' });
    await site.done(site.api.domains.start({ domain: 'two' }));
    expect(await site.ask('two', 'hostname')).toBe('two');
  });

  test('a guest that powers itself off is off', async () => {
    await site.exec('two', '(sleep 0.5; poweroff) >/dev/null 2>&1 &').catch(() => undefined);
    const off = await site.until('two', ({ state }) => state === 'shut-off');
    expect(off.reason).toBe('the guest powered off');
  });

  test('a kernel that crashes is a crashed domain with a reason; its neighbour goes on', async () => {
    await site.done(site.api.domains.start({ domain: 'two' }));
    await site.exec('two', 'echo c > /proc/sysrq-trigger').catch(() => undefined);
    const crashed = await site.until('two', ({ state }) => state === 'crashed');
    expect(crashed.reason).toMatch(/crash/);
    expect(await site.ask('one', 'echo fine')).toBe('fine');
    expect((await site.api.domains.dmesg({ domain: 'two' })).text).toMatch(/sysrq|Kernel panic/i);
  });

  test('force off is at once, whatever it does', async () => {
    await site.done(site.api.domains.start({ domain: 'two' }));
    const off = await site.api.domains.destroy({ domain: 'two' });
    expect(off).toMatchObject({ state: 'shut-off', reason: 'it was forced off' });
  });
});

describe('definitions', () => {
  test('a new name is a new host name', async () => {
    await site.api.domains.rename({ domain: 'one', name: 'eins' });
    expect(await site.ask('eins', 'hostname')).toBe('eins');
    const { domid } = await site.get('eins');
    const { value } = await site.api.xenstore.read({ path: `/local/domain/${domid}/name` });
    expect(value).toBe('eins');
    await expect(site.get('one')).rejects.toMatchObject({ code: 'domain.unknown' });
    await site.api.domains.rename({ domain: 'eins', name: 'one' });
  });

  test.each(['one', 'ONE', 'Domain-0'])('%s cannot be created again', async (name) => {
    await expect(site.api.domains.create({ name })).rejects.toMatchObject({
      code: expect.stringMatching(/^domain\.(exists|name-reserved)$/) as string,
    });
  });

  test('a deletion can be taken back while the program runs', async () => {
    await expect(site.api.domains.delete({ domain: 'one' })).rejects.toMatchObject({
      code: 'domain.running',
    });
    const { undo } = await site.done(site.api.domains.delete({ domain: 'two' }));
    expect(undo).toBe('undelete');
    await expect(site.get('two')).rejects.toMatchObject({ code: 'domain.unknown' });
    expect((await site.api.domains.undelete({ domain: 'two' })).name).toBe('two');
  });

  test.each([0, 1, 10, 50, 500])('a creation cancelled after %d ms leaves nothing', async (ms) => {
    const free = await site.freeKiB('beta');
    const asked = await site.api.domains.create({ name: 'gone', host: 'beta', cold: true });
    await site.until('gone', ({ state }) => state === 'starting');
    await sleep(ms);
    await site.api.tasks.cancel({ id: asked.id });
    expect((await site.api.tasks.wait({ id: asked.id })).state).toBe('cancelled');
    await expect(site.get('gone')).rejects.toMatchObject({ code: 'domain.unknown' });
    expect(await site.freeKiB('beta')).toBe(free);
    const nodes = await site.api.xenstore.list({ path: '/local/domain', host: 'beta' });
    expect(nodes.map(({ path }) => path)).toEqual(['/local/domain', '/local/domain/0']);
  });

  test('a host with domains is not removed', async () => {
    await expect(site.api.hosts.remove({ host: 'alpha' })).rejects.toMatchObject({
      code: 'host.not-empty',
      data: { host: 'alpha', domains: ['one'] },
    });
  });
});

describe('the end of the program', () => {
  test('what ran is remembered, and can be started again', async () => {
    await site.reopen();
    expect(await site.get('one')).toMatchObject({ state: 'shut-off', wasRunning: true });
    expect(await site.get('two')).toMatchObject({ state: 'shut-off', wasRunning: false });
    await site.done(site.api.domains.start({ domain: 'one' }));
    expect(await site.get('one')).toMatchObject({ state: 'running', wasRunning: false });
  });

  test('a start beyond the budget is refused with the figures', async () => {
    await site.reopen({ limitMiB: 200 });
    await expect(site.done(site.api.domains.start({ domain: 'one' }))).rejects.toMatchObject({
      code: 'budget.no-memory',
      data: { limitMiB: 200 },
    });
    expect((await site.get('one')).state).toBe('shut-off');
  });
});
