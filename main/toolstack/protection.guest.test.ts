/** Protection of real guests, as the site's API gives and takes it, and hosts that die. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Domain } from '../../shared/contract/index.ts';
import { loseHost, NumberClient, numberServer, protect } from './testing/failovers.ts';
import { TappedHosts } from './testing/tapped-hosts.ts';
import { TestSite } from './testing/test-site.ts';

const PATIENCE = { timeout: 60_000, interval: 100 };
const FAILOVERS = 3;
const hosts = new TappedHosts();
let site: TestSite;

beforeAll(async () => {
  site = await TestSite.open({}, hosts.factory);
  await site.create('guarded', { host: 'alpha', interfaces: [{ network: 'default' }] });
});
afterAll(() => site.close());

const otherThan = (host: string): string => (host === 'alpha' ? 'beta' : 'alpha');
const protectIt = (): Promise<Domain> => protect(site, 'guarded');

/** All hosts are. */
async function areUp(): Promise<void> {
  const states = async (): Promise<boolean> =>
    (await site.api.hosts.list({})).every(({ state }) => state === 'up');
  await expect.poll(states, PATIENCE).toBe(true);
}

/** The hosts whose xenstore knows the domain. */
async function whereabouts(): Promise<string[]> {
  const { uuid } = await site.get('guarded');
  const hosts = await site.api.hosts.list({});
  const known = await Promise.all(
    hosts.map(async ({ name: host }) => {
      const nodes = await site.api.xenstore.list({ path: '/vm', host }).catch(() => []);
      return nodes.some(({ path }) => path.endsWith(uuid)) ? [host] : [];
    }),
  );
  return known.flat();
}

describe('protecting a domain', () => {
  test('shows its standby and its checkpoints, and costs it no frame where it runs', async () => {
    const free = await site.freeKiB('alpha');
    const { protection } = await protectIt();
    expect(protection).toMatchObject({ host: 'beta', intervalMs: 50 });
    const later = await site.until(
      'guarded',
      (domain) => (domain.protection?.checkpoints ?? 0) > 5,
    );
    expect(later.protection!.checkpointsPerSecond).toBeGreaterThan(0);
    expect(await site.ask('guarded', 'echo protected')).toBe('protected');
    expect(await site.freeKiB('alpha')).toBe(free);
    expect(await site.freeKiB('beta')).toBe((1024 - 32 - 128) * 1024);
  });

  test.each([
    ['paused', () => site.api.domains.pause({ domain: 'guarded' })],
    [
      'given a disk',
      () => site.api.domains.attachDisk({ domain: 'guarded', source: '/nowhere.img', sizeMiB: 16 }),
    ],
  ])('it cannot be %s meanwhile', async (what, ask) => {
    await expect(ask()).rejects.toThrow(`protected on beta, so it cannot be ${what}`);
  });

  test('nor moved, protected twice, or left by its standby’s host', async () => {
    await expect(site.api.domains.migrate({ domain: 'guarded', host: 'beta' })).rejects.toThrow(
      /is protected on beta; end that first/,
    );
    await expect(site.api.domains.protect({ domain: 'guarded', host: 'beta' })).rejects.toThrow(
      /it is protected on beta already/,
    );
    await expect(site.api.hosts.remove({ host: 'beta' })).rejects.toMatchObject({
      code: 'host.has-standbys',
    });
  });

  test('ends when a person wants it, and gives all back', async () => {
    const { protection } = await site.api.domains.unprotect({ domain: 'guarded' });
    expect(protection).toBeNull();
    expect(await site.ask('guarded', 'echo alone')).toBe('alone');
    expect(await site.freeKiB('beta')).toBe((1024 - 32) * 1024);
    await expect(site.api.domains.unprotect({ domain: 'guarded' })).rejects.toThrow(
      /is not protected/,
    );
  });

  test('is refused with the reason', async () => {
    await expect(site.api.domains.protect({ domain: 'guarded', host: 'alpha' })).rejects.toThrow(
      /it runs there itself/,
    );
    await site.api.hosts.add({ name: 'tiny', memoryMiB: 64, pcpus: 1 });
    await expect(site.api.domains.protect({ domain: 'guarded', host: 'tiny' })).rejects.toThrow(
      /128 MiB/,
    );
  });
});

describe('when the standby’s host dies', () => {
  test('the domain goes on unprotected, and one is told', async () => {
    await protectIt();
    await site.site.parts.hosts.get('beta').terminate();
    await site.until('guarded', ({ protection }) => protection === null);
    expect(await site.ask('guarded', 'echo well')).toBe('well');
    expect(await site.get('guarded')).toMatchObject({ state: 'running', host: 'alpha' });
    const told: string[] = [];
    for await (const { kind, message } of await site.api.site.events({})) {
      if (kind === 'domain.standby-lost') told.push(message);
    }
    expect(told.at(-1)).toMatch(
      /lost its standby on beta .* goes on running on alpha, unprotected/,
    );
  });
});

describe('when their link is cut', () => {
  test('the domain goes on where it runs, and there alone, and says what it held', async () => {
    const { host } = await protectIt();
    hosts.link!.cut();
    await site.until('guarded', ({ protection }) => protection === null);
    expect(await site.ask('guarded', 'echo well')).toBe('well');
    expect(await site.get('guarded')).toMatchObject({ state: 'running', host });
    expect(await whereabouts()).toEqual([host]);
  });

  test('and its host dies at once, it runs on one of them or none', async () => {
    const { host } = await protectIt();
    hosts.link!.cut();
    await site.site.parts.hosts.get(host).terminate();
    const ended = await site.until(
      'guarded',
      (domain) => domain.state === 'crashed' || domain.host !== host,
    );
    if (ended.state === 'crashed') {
      expect(await whereabouts()).toEqual([]);
      await areUp();
      await site.done(site.api.domains.start({ domain: 'guarded' }));
    }
    const { host: place } = await site.get('guarded');
    expect(await site.ask('guarded', 'echo well')).toBe('well');
    expect(await whereabouts()).toEqual([place]);
  });
});

describe('when the thread of a protected domain dies, and its host lives', () => {
  test('its standby goes on, and the host has all of its frames back', async () => {
    const { host } = await protectIt();
    const boot = await site.ask('guarded', 'cat /proc/sys/kernel/random/boot_id');
    const { domid } = await site.get('guarded');
    await site.site.parts.hosts.get(host).link.call('domain.kill', { domid: domid! });
    await site.until('guarded', (domain) => domain.host !== host && domain.state === 'running');
    expect(await site.ask('guarded', 'cat /proc/sys/kernel/random/boot_id')).toBe(boot);
    expect(await whereabouts()).toEqual([otherThan(host)]);
    await expect.poll(() => site.freeKiB(host), PATIENCE).toBe((1024 - 32) * 1024);
  });
});

describe('when the host of a protected domain dies', () => {
  test('a command that runs keeps its output and status, and nothing reboots', async () => {
    const boot = await site.ask('guarded', 'cat /proc/sys/kernel/random/boot_id');
    const { domid, host } = await site.get('guarded');
    const place = otherThan(host);
    await protectIt();
    const command = 'for n in 1 2 3 4 5 6 7 8; do echo $n; sleep 0.2; done; exit 5';
    const running = site.exec('guarded', command);
    await sleep(Math.random() * 1000);
    const report = await loseHost(site, 'guarded');
    expect(report).toMatchObject({ from: host, to: place });
    expect(await running).toEqual({ stdout: '1\n2\n3\n4\n5\n6\n7\n8\n', stderr: '', status: 5 });
    expect(await site.ask('guarded', 'cat /proc/sys/kernel/random/boot_id')).toBe(boot);
    expect(await site.get('guarded')).toMatchObject({
      state: 'running',
      host: place,
      domid,
      protection: null,
    });
    expect(await whereabouts()).toEqual([place]);
  });

  test('who is connected to it loses nothing that it was told', async () => {
    await site.ask('guarded', numberServer('/tmp/kept', ':', 5000));
    const { port } = await site.api.forwards.add({ domain: 'guarded', port: 0, toPort: 5000 });
    const client = new NumberClient(port);
    for (let failover = 0; failover < FAILOVERS; failover++) {
      await protectIt();
      await client.progress(10);
      await sleep(Math.random() * 500);
      await loseHost(site, 'guarded');
      await client.progress(10);
    }
    const told = client.end();
    const kept = (await site.ask('guarded', 'cat /tmp/kept')).split('\n').map(Number);
    NumberClient.expectKept(kept, told);
  });

  test('a standby that was let go before is not used: the domain is lost with its host', async () => {
    await protectIt();
    const { host } = await site.get('guarded');
    await site.api.domains.unprotect({ domain: 'guarded' });
    await site.site.parts.hosts.get(host).terminate();
    const crashed = await site.until('guarded', ({ state }) => state === 'crashed');
    expect(crashed).toMatchObject({ host, protection: null });
    expect(await whereabouts()).toEqual([]);
  });

  test('a domain that shuts down takes its standby with it', async () => {
    await areUp();
    await site.done(site.api.domains.start({ domain: 'guarded' }));
    await protectIt();
    await site.done(site.api.domains.shutdown({ domain: 'guarded' }));
    expect(await site.get('guarded')).toMatchObject({ state: 'shut-off', protection: null });
    for (const host of ['alpha', 'beta']) {
      await expect.poll(() => site.freeKiB(host), PATIENCE).toBe((1024 - 32) * 1024);
    }
  });
});
