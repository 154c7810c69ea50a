/** Draining hosts whose domains do not run; `drain.guest.test.ts` has those that do. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DrainReport } from '../../shared/contract/index.ts';
import { definition } from './testing/records.ts';
import { TestSite } from './testing/test-site.ts';

let site: TestSite;

beforeAll(async () => {
  site = await TestSite.open();
  await site.api.hosts.add({ name: 'tiny', memoryMiB: 96, pcpus: 1 });
  for (const name of ['one', 'two']) site.site.parts.domains.insert(definition(name, 'alpha'));
});
afterAll(() => site.close());

const place = async (name: string): Promise<string> => (await site.get(name)).host;

test('domains that are off are defined where there is room, and the host takes no more', async () => {
  const { title, result } = await site.done(site.api.hosts.drain({ host: 'alpha' }));
  expect(title).toBe('Drained alpha (2 domains moved)');
  expect(result).toEqual({
    host: 'alpha',
    moved: ['one', 'two'].map((domain) => ({ domain, to: 'beta', downtimeMs: null })),
    stayed: [],
  } satisfies DrainReport);
  expect([await place('one'), await place('two')]).toEqual(['beta', 'beta']);
  expect((await site.api.hosts.list({})).map(({ drained }) => drained)).toEqual([
    true,
    false,
    false,
  ]);
});

test('it is so after the program’s end too, until the host is said to take domains', async () => {
  await site.reopen();
  expect((await site.api.hosts.list({}))[0]).toMatchObject({ name: 'alpha', drained: true });
  expect([await place('one'), await place('two')]).toEqual(['beta', 'beta']);
  expect(await site.api.hosts.undrain({ host: 'alpha' })).toMatchObject({ drained: false });
});

test('what can start nowhere else stays, with the reason', async () => {
  const task = await site.api.hosts.drain({ host: 'beta', to: 'tiny' });
  const ended = await site.api.tasks.wait({ id: task.id });
  expect(ended).toMatchObject({ state: 'failed', error: { code: 'host.not-drained' } });
  expect(ended.error!.message).toContain('tiny has 64 MiB for domains, and its most is 128 MiB');
  expect((ended.error!.data as DrainReport).stayed.map(({ domain }) => domain)).toEqual([
    'one',
    'two',
  ]);
  expect([await place('one'), await place('two')]).toEqual(['beta', 'beta']);
});

test('a host without domains is drained at once, and none is drained to itself', async () => {
  const { title } = await site.done(site.api.hosts.drain({ host: 'tiny' }));
  expect(title).toBe('Drained tiny (0 domains moved)');
  await expect(site.api.hosts.drain({ host: 'beta', to: 'beta' })).rejects.toMatchObject({
    code: 'host.drain-to-itself',
  });
  await expect(site.api.hosts.drain({ host: 'nowhere' })).rejects.toMatchObject({
    code: 'host.unknown',
  });
});
