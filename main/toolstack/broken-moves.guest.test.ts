/** Moves that break on the way, or are broken off, as the toolstack and a person see them. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { MigrationReport, Task } from '../../shared/contract/index.ts';
import { counts, diskCounter } from './testing/disk-counter.ts';
import { TappedHosts } from './testing/tapped-hosts.ts';
import { TestSite } from './testing/test-site.ts';

const PATIENCE = { timeout: 60_000, interval: 200 };
/** It writes 6 MiB over and over, other bytes each time: no round is empty. */
const WRITER =
  '(for f in first other; do dd if=/dev/urandom of=/tmp/$f bs=1M count=6; done; n=0; ' +
  'while cp /tmp/first /tmp/second && cp /tmp/other /tmp/second; ' +
  'do n=$((n+1)); echo $n >/tmp/n.new; mv /tmp/n.new /tmp/n; done) >/dev/null 2>&1 &';

const hosts = new TappedHosts();
let site: TestSite;

beforeAll(async () => {
  site = await TestSite.open({}, hosts.factory);
  const disks = [{ source: 'default/numbers', sizeMiB: 16 }];
  await site.create('mover', { host: 'alpha', disks });
  await startWriting();
});
afterEach(() => {
  hosts.tap = () => false;
  hosts.onCall = () => undefined;
});
afterAll(() => site.close());

async function startWriting(): Promise<void> {
  await site.exec('mover', WRITER);
  await site.ask('mover', 'until [ -s /tmp/n ] && [ -b /dev/xvda ]; do sleep 0.1; done');
  await site.ask('mover', diskCounter('/dev/xvda'));
}

const count = (): Promise<number> => site.ask('mover', 'cat /tmp/n').then(Number);

async function knownBy(host: string): Promise<boolean> {
  const { uuid } = await site.get('mover');
  const nodes = await site.api.xenstore.list({ path: '/vm', host }).catch(() => []);
  return nodes.some(({ path }) => path.endsWith(uuid));
}

/** It runs there, and nowhere else, and works. */
async function runsOn(place: string): Promise<void> {
  expect(await site.get('mover')).toMatchObject({ state: 'running', host: place });
  for (const { name, memoryKiB, domain0KiB } of await site.api.hosts.list({})) {
    expect(await knownBy(name)).toBe(name === place);
    if (name === place) continue;
    await expect.poll(() => site.freeKiB(name), PATIENCE).toBe(memoryKiB - domain0KiB);
  }
  const before = await count();
  await expect.poll(count, PATIENCE).toBeGreaterThan(before);
  // Its disk is what its memory believes, and it can write it.
  await counts(site, 'mover');
}

/** As no code but a fault has it. */
function storeOfSite(): { run(sql: string): void } {
  return Reflect.get(site.site.parts.store, 'database') as { run(sql: string): void };
}

function move(host: string, options = {}): Promise<Task> {
  return site.api.domains.migrate({ domain: 'mover', host, ...options });
}

async function ended({ id }: Task): Promise<Task> {
  return site.api.tasks.wait({ id });
}

/** Settles when a task says so of itself. */
async function says({ id }: Task, what: RegExp): Promise<void> {
  for await (const { detail } of await site.api.tasks.follow({ id })) {
    if (detail !== null && what.test(detail)) return;
  }
  throw new Error(`the task never said ${what}`);
}

describe('a link that is cut', () => {
  test('in a round leaves the domain where it is, and the error says so', async () => {
    hosts.tap = ({ kind }, chunks) => kind === 'data' && chunks > 30;
    const task = await ended(await move('beta'));
    expect(task).toMatchObject({ state: 'failed', error: { code: 'migration.failed' } });
    expect(task.error!.message).toMatch(
      /^Domain mover could not be moved to beta: the link .* was cut\. It goes on running on alpha\.$/,
    );
    await runsOn('alpha');
  });

  test('at the hand-over leaves it where it is, since nothing was committed', async () => {
    hosts.tap = ({ kind }) => kind === 'close';
    const task = await ended(await move('beta'));
    expect(task.error?.message).toMatch(/was cut\. It goes on running on alpha/);
    await runsOn('alpha');
  });

  test('after the commit changes nothing: the record does not cross it', async () => {
    hosts.onCall = (name) => name === 'migration.activate' && hosts.link?.cut();
    expect(await ended(await move('beta'))).toMatchObject({ state: 'done' });
    await runsOn('beta');
    await site.done(move('alpha'));
  });
});

describe('a commit that cannot be written', () => {
  test('for a full disk leaves the domain where it is', async () => {
    const database = storeOfSite();
    // The change of phase needs more room than there is.
    database.run('CREATE TABLE ballast (bytes BLOB)');
    database.run(
      `CREATE TRIGGER full AFTER UPDATE OF phase ON moves
       BEGIN INSERT INTO ballast VALUES (zeroblob(64 << 20)); END`,
    );
    database.run('PRAGMA max_page_count = 4000');
    const task = await ended(await move('beta'));
    expect(task).toMatchObject({ state: 'failed', error: { code: 'migration.failed' } });
    expect(task.error!.message).toMatch(/no space left.* It goes on running on alpha/);
    await runsOn('alpha');
    database.run('DROP TRIGGER full');
    database.run('PRAGMA max_page_count = 1073741823');
    await site.done(move('beta'));
    await site.done(move('alpha'));
  });
});

describe('a record that cannot be taken away again', () => {
  test('harms neither the move that it was of, nor the next one', async () => {
    const database = storeOfSite();
    database.run(
      `CREATE TRIGGER kept BEFORE DELETE ON moves BEGIN SELECT RAISE(ABORT, 'it is kept'); END`,
    );
    await site.done(move('beta'));
    await runsOn('beta');
    await site.done(move('alpha'));
    await runsOn('alpha');
    database.run('DROP TRIGGER kept');
  });
});

describe('a host that dies', () => {
  test('the source’s after the commit: the domain runs at the target', async () => {
    const died: Promise<void>[] = [];
    hosts.onCall = (name) => {
      if (name !== 'migration.activate' || died.length > 0) return;
      died.push(site.site.parts.hosts.get('alpha').terminate());
    };
    expect(await ended(await move('beta'))).toMatchObject({ state: 'done' });
    await Promise.all(died);
    expect(died).toHaveLength(1);
    await expect.poll(async () => (await site.api.hosts.list({}))[0]!.state, PATIENCE).toBe('up');
    await runsOn('beta');
    await site.done(move('alpha'));
  });

  test('the target’s after the commit: the domain has crashed, is nowhere, and can be started', async () => {
    hosts.onCall = (name) => {
      if (name === 'migration.activate') void site.site.parts.hosts.get('beta').terminate();
    };
    const task = await ended(await move('beta'));
    expect(task).toMatchObject({ state: 'failed', error: { code: 'migration.target-lost' } });
    expect(await site.get('mover')).toMatchObject({ state: 'crashed', host: 'beta' });
    expect([await knownBy('alpha'), await knownBy('beta')]).toEqual([false, false]);
    await expect.poll(async () => (await site.api.hosts.list({}))[1]!.state, PATIENCE).toBe('up');
    hosts.onCall = () => undefined;
    await site.done(site.api.domains.start({ domain: 'mover' }));
    await startWriting();
    await site.done(move('alpha'));
  });
});

describe('a move that is cancelled', () => {
  test.each([
    ['while the target prepares', /^preparing/, {}],
    ['in the first round', /^copying/, {}],
    ['in a later round', /^round 2/, { maxRateBytesPerSecond: 30e6 }],
    [
      'while the guest is slowed down',
      /slowed down by/,
      { maxRateBytesPerSecond: 4e6, autoConverge: true, maxDowntimeMs: 20 },
    ],
    [
      'before a long stop that was told',
      /stand still for about \d+ ms/,
      { maxRateBytesPerSecond: 4e6, maxDowntimeMs: 20, allowLongerStop: true },
    ],
  ])('%s leaves the domain where it is', async (_, when, options) => {
    const task = await move('beta', options);
    await says(task, when);
    await site.api.tasks.cancel({ id: task.id });
    expect(await ended(task)).toMatchObject({
      state: 'cancelled',
      error: { code: 'task.cancelled' },
    });
    await runsOn('alpha');
  });
});

describe('a guest that writes faster than it may be sent', () => {
  const QUICK = { maxDowntimeMs: 300 };

  beforeAll(async () => {
    await site.api.hosts.add({
      name: 'slow',
      memoryMiB: 512,
      pcpus: 1,
      bandwidthBytesPerSecond: 6e6,
    });
    await site.done(move('slow'));
  });
  afterAll(async () => {
    await site.done(move('alpha'));
    await site.api.hosts.remove({ host: 'slow' });
  });

  test('stays where it is where a stop may not be longer, and the error says what to do', async () => {
    const task = await ended(await move('beta', QUICK));
    expect(task.error!.message).toMatch(
      /^Domain mover was not moved to beta: it writes faster .* stand still for about \d+ ms, and 300 ms were allowed\. It goes on running on slow\. .*--auto-converge.*--allow-longer-stop/,
    );
    expect(task).toMatchObject({ state: 'failed', error: { code: 'migration.stop-too-long' } });
    await runsOn('slow');
  });

  test('is moved with a longer stop where that is allowed, which is told before', async () => {
    const task = await site.done(move('beta', { ...QUICK, allowLongerStop: true }));
    const report = task.result as MigrationReport;
    expect(report.downtimeMs).toBeGreaterThan(300);
    const events: { kind: string; message: string }[] = [];
    for await (const event of await site.api.site.events({ limit: 20 })) events.push(event);
    const told = events.findIndex(({ kind }) => kind === 'domain.long-stop');
    expect(events[told]!.message).toMatch(/mover will stand still for about \d+ ms/);
    expect(events.slice(told).map(({ kind }) => kind)).toContain('domain.moved');
    await runsOn('beta');
    await site.done(move('slow'));
  });

  test('is moved in time where it may be slowed down', async () => {
    const task = await site.done(move('beta', { ...QUICK, autoConverge: true }));
    const { rounds } = task.result as MigrationReport;
    expect(rounds.some(({ throttlePercent }) => throttlePercent >= 20)).toBe(true);
    expect(rounds.at(-1)!.estimatedStopMs).toBeLessThanOrEqual(300);
    await runsOn('beta');
    await site.done(move('slow'));
  });

  test('rates that cannot be are refused at the door', async () => {
    const wrong = { minRateBytesPerSecond: 2e6, maxRateBytesPerSecond: 1e6 };
    await expect(move('beta', wrong)).rejects.toMatchObject({ code: 'migration.bad-rates' });
    await expect(move('beta', { minRateBytesPerSecond: 1e9 })).rejects.toThrow(
      /the link of slow carries 6000000 bytes a second/,
    );
  });
});

describe('several moves at a time', () => {
  test('a move back during a move is refused with a sentence', async () => {
    const task = await move('beta', { maxRateBytesPerSecond: 20e6 });
    for (const host of ['alpha', 'beta']) {
      await expect(move(host)).rejects.toThrow(
        /mover is on its way to beta; wait until it is there, or cancel that move/,
      );
    }
    await site.api.tasks.cancel({ id: task.id });
    await ended(task);
    await runsOn('alpha');
  });

  test('several domains share the link, and all arrive', async () => {
    await site.create('other', { host: 'alpha', memoryMiB: 64 });
    const both = ['mover', 'other'].map((domain) =>
      site.done(site.api.domains.migrate({ domain, host: 'beta' })),
    );
    for (const { result } of await Promise.all(both)) {
      expect(result).toMatchObject({ from: 'alpha', to: 'beta', verified: true });
    }
    expect(await site.ask('other', 'hostname')).toBe('other');
    expect(await site.get('mover')).toMatchObject({ state: 'running', host: 'beta' });
  });
});
