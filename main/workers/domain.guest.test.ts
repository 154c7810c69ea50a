/** Debian guests on real hosts: boot, memory, time, moving, cloning, ending. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guestImage } from './testing/guest-image.ts';
import type { TestDomain } from './testing/test-host.ts';
import { DOMAIN0_KIB, move, newDomain, TestHost } from './testing/test-host.ts';

const run = promisify(execFile);
const HOST_MIB = 768;
const FREE_FRAMES = (HOST_MIB * 1024 - DOMAIN0_KIB) / 4;
/** What the kernel's balloon does not count: special pages and what lies below 1 MiB. */
const CURRENT_KB = '/sys/devices/system/xen_memory/xen_memory0/info/current_kb';

describe('a Debian guest', { timeout: 240_000 }, () => {
  let alpha: TestHost;
  let beta: TestHost;
  let web: TestDomain;

  beforeAll(async () => {
    [alpha, beta] = await Promise.all([
      TestHost.start('alpha', HOST_MIB),
      TestHost.start('beta', HOST_MIB),
    ]);
    web = newDomain('web1', 128);
    const boot = await guestImage('web1');
    await alpha.channel.call('domain.boot', { spec: web.spec, boot });
    await web.console.ready();
  }, 240_000);

  afterAll(async () => {
    await alpha.stop();
    await beta.stop();
  });

  it('knows that it runs on Xen, with its own drivers', async () => {
    expect(await web.console.run('cat /sys/hypervisor/type')).toBe('xen');
    expect(await web.console.run('cat /sys/hypervisor/uuid')).toBe(web.spec.uuid);
    expect(await web.console.run('cat /sys/hypervisor/version/major')).toBe('4');
    const log = await web.console.run('dmesg');
    expect(log).toContain('Hypervisor detected: Xen HVM');
    expect(log).toContain('Booting kernel on Xen HVM'.replace('kernel', 'paravirtualized kernel'));
    expect(log).toContain('Grant table initialized');
  });

  it('finds the memory it was given, within two megabytes', async () => {
    const map = await web.console.run("dmesg | grep 'BIOS-e820.*usable'");
    const usable = map.split('\n').reduce((sum, line) => {
      const [, start, end] = /mem 0x([0-9a-f]+)-0x([0-9a-f]+)/.exec(line) ?? [];
      return sum + (parseInt(end ?? '0', 16) - parseInt(start ?? '0', 16) + 1);
    }, 0);
    expect(128 * 2 ** 20 - usable).toBeLessThan(2 * 2 ** 20);
  });

  it('gives memory back by its own balloon, and takes it again, to the page', async () => {
    const uncounted = 128 * 1024 - Number(await web.console.run(`cat ${CURRENT_KB}`));
    for (const targetMiB of [64, 96, 128]) {
      await alpha.channel.call('domain.setTarget', {
        domid: web.spec.domid,
        targetKiB: targetMiB * 1024,
      });
      await framesReach(web, targetMiB * 256);
      expect(alpha.frames.free).toBe(FREE_FRAMES - targetMiB * 256);
      expect(Number(await web.console.run(`cat ${CURRENT_KB}`))).toBe(targetMiB * 1024 - uncounted);
    }
  });

  it("answers Debian's xenstore-utils on its host's socket", async () => {
    const env = { ...process.env, XENSTORED_PATH: alpha.socketPath };
    const { stdout } = await run('xenstore-read', [`/local/domain/${web.spec.domid}/name`], {
      env,
    });
    expect(stdout.trim()).toBe('web1');
    const list = await run('xenstore-ls', [`/local/domain/${web.spec.domid}/control`], { env });
    expect(list.stdout).toContain('feature-poweroff = "1"');
  });

  it('stands still in time while it is paused', async () => {
    const before = Number(await web.console.run('cut -d " " -f 1 /proc/uptime'));
    await alpha.channel.call('domain.pause', { domid: web.spec.domid });
    await new Promise((resolve) => setTimeout(resolve, 3000)); // the time that must not pass
    await alpha.channel.call('domain.unpause', { domid: web.spec.domid });
    const after = Number(await web.console.run('cut -d " " -f 1 /proc/uptime'));
    expect(after - before).toBeLessThan(2.5);
  });

  it('goes on counting when it is moved, there and back', async () => {
    web.console.type('i=0; while sleep 0.1; do i=$((i+1)); echo turn $i; done\n');
    await web.console.until(/turn 5\r/);
    for (const [from, to] of [
      [alpha, beta],
      [beta, alpha],
    ] as const) {
      await move(web, from, to);
      expect(from.frames.free).toBe(FREE_FRAMES);
      expect(to.frames.free).toBe(FREE_FRAMES - web.counters.frames);
      const at = web.console.text.length;
      const [, turn] = await web.console.until(/turn (\d+)\r/, at);
      await web.console.until(new RegExp(`turn ${Number(turn) + 3}\\r`), at);
    }
    web.console.type('\x03');
    const turns = [...web.console.text.matchAll(/^turn (\d+)\r$/gm)].map((match) =>
      Number(match[1]),
    );
    expect(turns).toEqual(turns.map((_, index) => index + 1));
    expect(
      await web.console.run('dmesg | grep -ci "call trace\\|lockup\\|clocksource.*unstable"'),
    ).toBe('0');
  });

  it('is cloned: each clone a machine of its own, with its own random numbers', async () => {
    const { stream } = await alpha.channel.call('domain.save', {
      domid: web.spec.domid,
      thenDestroy: false,
    });
    const clones = [newDomain('clone1', 128), newDomain('clone2', 128, 96)];
    for (const clone of clones) {
      await beta.channel.call('domain.restore', {
        spec: clone.spec,
        stream,
        identity: 'clone',
        paused: false,
      });
    }
    const random = await Promise.all(
      clones.map(({ console }) =>
        console.run('dd if=/dev/urandom bs=1 count=16 2>/dev/null | hexdump -C'),
      ),
    );
    expect(random[0]).not.toBe(random[1]);
    expect(random[0]!.slice(0, 12)).not.toBe(random[1]!.slice(0, 12));
    for (const clone of clones) {
      expect(await clone.console.run('dmesg')).toContain('reseeded due to virtual machine fork');
    }
    await framesReach(clones[1]!, 96 * 256);
    const env = { ...process.env, XENSTORED_PATH: beta.socketPath };
    const { stdout } = await run('xenstore-ls', ['-f', '/'], { env });
    expect(stdout).not.toContain(web.spec.uuid);
    for (const { spec } of clones) {
      await beta.channel.call('domain.destroy', { domid: spec.domid });
    }
    expect(beta.frames.free).toBe(FREE_FRAMES);
  });

  it('powers off when it is asked to, and that is what its host hears, however busy it is', async () => {
    const { domid } = web.spec;
    const next = (name: 'domain.shutdown' | 'domain.crashed') => alpha.next(name, domid);
    const ended = Promise.race([next('domain.shutdown'), next('domain.crashed')]);
    let isOver = false;
    void ended.then(() => (isOver = true));
    await alpha.channel.call('domain.askShutdown', { domid, reason: 'poweroff' });
    // Each lot keeps the host from all else until the last of it is answered.
    const lot = Array.from({ length: 5000 });
    while (!isOver) {
      await Promise.all(lot.map(() => alpha.channel.call('xenstore.list', { path: '/' })));
    }
    expect((await ended).reason).toBe('poweroff');
    expect(alpha.frames.free).toBe(FREE_FRAMES);
  });
});

async function framesReach(domain: TestDomain, frames: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (domain.counters.frames !== frames) {
    if (Date.now() > deadline) throw new Error(`it has ${domain.counters.frames}, not ${frames}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
