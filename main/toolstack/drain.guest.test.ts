/** A host is emptied of its domains, and takes none until it is said to. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DrainReport } from '../../shared/contract/index.ts';
import { TestSite } from './testing/test-site.ts';

const PATIENCE = { timeout: 60_000, interval: 200 };
let site: TestSite;

beforeAll(async () => {
  site = await TestSite.open();
  for (const name of ['one', 'two', 'three', 'off']) {
    await site.create(name, { host: 'alpha', memoryMiB: 64 });
  }
  await site.api.domains.destroy({ domain: 'off' });
});
afterAll(() => site.close());

async function places(): Promise<Record<string, string>> {
  const domains = await site.api.domains.list({});
  const guests = domains.filter(({ isDomain0 }) => !isDomain0);
  return Object.fromEntries(guests.map(({ name, host }) => [name, host]));
}

async function isDrained(name: string): Promise<boolean> {
  return (await site.api.hosts.list({})).find((host) => host.name === name)!.drained;
}

describe('draining a host', () => {
  test('that is cancelled leaves its domains, and it takes new ones', async () => {
    const slow = { maxRateBytesPerSecond: 2e6 };
    const { id } = await site.api.hosts.drain({ host: 'alpha', ...slow });
    await expect(site.api.hosts.drain({ host: 'alpha' })).rejects.toMatchObject({
      code: 'host.being-drained',
    });
    await site.until('one', ({ state }) => state === 'migrating');
    expect(await isDrained('alpha')).toBe(true);
    await site.api.tasks.cancel({ id });
    expect(await site.api.tasks.wait({ id })).toMatchObject({ state: 'cancelled' });
    expect(await isDrained('alpha')).toBe(false);
    const here = ['one', 'two', 'three'].map((name) => site.get(name));
    for (const domain of await Promise.all(here)) {
      expect(domain).toMatchObject({ host: 'alpha', state: 'running' });
    }
    for (const name of ['one', 'two', 'three']) {
      expect(await site.ask(name, 'hostname')).toBe(name);
    }
  });

  test('moves all of its domains, those that are off too', async () => {
    const { title, result } = await site.done(site.api.hosts.drain({ host: 'alpha' }));
    expect(title).toBe('Drained alpha (4 domains moved)');
    const { moved, stayed } = result as DrainReport;
    expect(stayed).toEqual([]);
    expect(moved.map(({ domain }) => domain).sort()).toEqual(['off', 'one', 'three', 'two']);
    for (const { domain, to, downtimeMs } of moved) {
      expect(to).toBe('beta');
      expect(downtimeMs === null).toBe(domain === 'off');
    }
    expect(await places()).toEqual({ one: 'beta', two: 'beta', three: 'beta', off: 'beta' });
    expect(await site.ask('two', 'hostname')).toBe('two');
    await expect.poll(() => site.freeKiB('alpha'), PATIENCE).toBe((1024 - 32) * 1024);
  });

  test('keeps new domains away from it, until it is said to take them', async () => {
    expect(await isDrained('alpha')).toBe(true);
    expect(await site.create('four', { memoryMiB: 64 })).toMatchObject({ host: 'beta' });
    expect(await site.api.hosts.undrain({ host: 'alpha' })).toMatchObject({ drained: false });
    expect(await site.create('five', { memoryMiB: 64 })).toMatchObject({ host: 'alpha' });
  });

  test('says which stay, and why, and moves the others', async () => {
    await site.api.domains.pause({ domain: 'two' });
    await site.api.hosts.add({ name: 'tiny', memoryMiB: 160, pcpus: 1 });
    const { id } = await site.api.hosts.drain({ host: 'beta', to: 'tiny' });
    const task = await site.api.tasks.wait({ id });
    expect(task).toMatchObject({ state: 'failed', error: { code: 'host.not-drained' } });
    expect(task.error!.message).toMatch(/two: two is paused; only a running domain can be moved/);
    expect(task.error!.message).toMatch(/Host tiny has \d+ MiB free of the \d+ MiB/);
    const { moved, stayed } = task.error!.data as DrainReport;
    expect(moved.length).toBeGreaterThan(0);
    const there = await places();
    for (const { domain } of moved) expect(there[domain]).toBe('tiny');
    for (const { domain, reason } of stayed) {
      expect(there[domain]).toBe('beta');
      expect(reason).not.toBe('');
    }
    await site.api.domains.unpause({ domain: 'two' });
  });

  test('to itself is refused', async () => {
    await expect(site.api.hosts.drain({ host: 'alpha', to: 'alpha' })).rejects.toMatchObject({
      code: 'host.drain-to-itself',
    });
  });
});
