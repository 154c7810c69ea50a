import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MigrationReport, Move } from '../../shared/contract/index.ts';
import { TestSite } from './testing/test-site.ts';

const PATIENCE = { timeout: 60_000, interval: 200 };
let site: TestSite;

beforeAll(async () => {
  site = await TestSite.open();
  await site.create('mover', { host: 'alpha' });
});
afterAll(() => site.close());

/** The hosts whose xenstore knows the domain. */
async function whereabouts(name: string): Promise<string[]> {
  const { uuid } = await site.get(name);
  const hosts = await site.api.hosts.list({});
  const known = await Promise.all(
    hosts.map(async ({ name: host }) => {
      const nodes = await site.api.xenstore.list({ path: '/vm', host }).catch(() => []);
      return nodes.some(({ path }) => path.endsWith(uuid)) ? [host] : [];
    }),
  );
  return known.flat();
}

function counting(): Promise<number> {
  return site.ask('mover', 'cat /tmp/count').then(Number);
}

describe('moving a running domain', () => {
  test('a count goes on where it was, and nothing reboots', async () => {
    await site.exec(
      'mover',
      '(n=0; while :; do n=$((n+1)); echo $n > /tmp/count.new; mv /tmp/count.new /tmp/count; sleep 0.1; done) >/dev/null 2>&1 &',
    );
    const bootId = 'cat /proc/sys/kernel/random/boot_id';
    const boot = await site.ask('mover', bootId);
    await expect.poll(counting, PATIENCE).toBeGreaterThan(2);
    const before = await site.get('mover');
    const count = await counting();
    const task = await site.done(site.api.domains.migrate({ domain: 'mover', host: 'beta' }));
    const report = task.result as MigrationReport;
    expect(report).toMatchObject({ from: 'alpha', to: 'beta', verified: true });
    expect(report.downtimeMs).toBeGreaterThan(0);
    // All of it went while it ran, what it wrote meanwhile again, and little while it stood still.
    const [first] = report.rounds;
    expect(first).toMatchObject({ number: 1, pages: 32_768 });
    const whileRunning = report.rounds.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(report.bytes - whileRunning).toBeLessThan(whileRunning / 5);
    expect(task.title).toMatch(/^Moved mover to beta \(\d+(\.\d)? ms down\)$/);
    expect(await site.get('mover')).toMatchObject({
      state: 'running',
      host: 'beta',
      domid: before.domid,
      startedAtMs: before.startedAtMs,
    });
    await expect.poll(counting, PATIENCE).toBeGreaterThan(count);
    expect(await site.ask('mover', bootId)).toBe(boot);
    expect(await whereabouts('mover')).toEqual(['beta']);
  });

  test('memory moves with it, to the frame', async () => {
    const [alpha, beta] = await site.api.hosts.list({});
    expect(alpha!.freeKiB).toBe(alpha!.memoryKiB - alpha!.domain0KiB);
    expect(beta!.freeKiB).toBe(beta!.memoryKiB - beta!.domain0KiB - 128 * 1024);
  });

  test('a command that runs meanwhile keeps its output and status', async () => {
    const running = site.exec('mover', 'for n in 1 2 3 4 5 6; do echo $n; sleep 0.3; done; exit 5');
    await site.done(site.api.domains.migrate({ domain: 'mover', host: 'alpha' }));
    expect(await running).toEqual({ stdout: '1\n2\n3\n4\n5\n6\n', stderr: '', status: 5 });
  });

  test('its wall clock is right after', async () => {
    await expect
      .poll(async () => {
        const before = Date.now() / 1000;
        const inside = Number(await site.ask('mover', 'date +%s'));
        return inside > before - 2 && inside < Date.now() / 1000 + 2;
      }, PATIENCE)
      .toBe(true);
  });

  test('its time neither stands still for long nor jumps, there and back again, ten times', async () => {
    await site.exec(
      'mover',
      '(while :; do read up idle </proc/uptime; echo $up; usleep 20000; done >/tmp/uptimes 2>/dev/null) & echo $! >/tmp/clock',
    );
    for (let round = 0; round < 5; round++) {
      await site.done(site.api.domains.migrate({ domain: 'mover', host: 'beta' }));
      await site.done(site.api.domains.migrate({ domain: 'mover', host: 'alpha' }));
    }
    const uptimes = await site.ask('mover', 'kill $(cat /tmp/clock); cat /tmp/uptimes');
    const seconds = uptimes.split('\n').map(Number);
    const steps = seconds.slice(1).map((second, index) => second - seconds[index]!);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
    // A second is much for ten stops of some milliseconds, and little for another thread's clock.
    expect(Math.max(...steps)).toBeLessThan(5);
    expect(steps.length).toBeGreaterThan(100);
    expect(await whereabouts('mover')).toEqual(['alpha']);
  });
});

describe('what is seen of a move', () => {
  async function followed(id: string): Promise<Move[]> {
    const seen: Move[] = [];
    for await (const move of await site.api.domains.followMove({ id })) seen.push(move);
    return seen;
  }

  test('its rounds while they happen, then what was measured; both stay in its history', async () => {
    // More than a link takes in the time of a round: there is a second one.
    await site.exec(
      'mover',
      '(while :; do dd if=/dev/urandom of=/tmp/busy bs=64k count=32 conv=notrunc; done) >/dev/null 2>&1 & echo $! >/tmp/writer',
    );
    const { host, uuid } = await site.get('mover');
    const to = host === 'alpha' ? 'beta' : 'alpha';
    const task = await site.api.domains.migrate({ domain: 'mover', host: to });
    const seen = await followed(task.id);
    await site.exec('mover', 'kill $(cat /tmp/writer)');
    const ended = await site.api.tasks.wait({ id: task.id });
    const report = ended.result as MigrationReport;
    const { from: _from, to: _to, rounds, ...outcome } = report;
    expect(rounds.length).toBeGreaterThan(1);
    expect(rounds[0]!.dirtied).toBeGreaterThan(0);
    expect(seen.map((move) => move.rounds.length)).toContain(1);
    expect(seen.filter(({ outcome: measured }) => measured)).toHaveLength(1);
    const last = seen.at(-1)!;
    expect(last).toMatchObject({
      id: task.id,
      domain: uuid,
      from: host,
      to,
      state: 'done',
      rounds,
      current: null,
      outcome,
    });
    // What was under way was the round that came next, and did not shrink.
    const underWay = seen.flatMap((move) => (move.current ? [move] : []));
    expect(underWay.length).toBeGreaterThan(0);
    for (const { current, rounds: before } of underWay) {
      expect(current!.number).toBe(before.length + 1);
      expect(current!.sent).toBeLessThanOrEqual(current!.pages);
    }
    expect((await site.api.domains.moves({ domain: 'mover' }))[0]).toEqual(last);
  });

  test('a cancelled one stays with its reason, and where the domain is', async () => {
    const { host } = await site.get('mover');
    const to = host === 'alpha' ? 'beta' : 'alpha';
    const task = await site.api.domains.migrate({ domain: 'mover', host: to });
    await site.api.tasks.cancel({ id: task.id });
    expect((await followed(task.id)).at(-1)).toMatchObject({
      state: 'cancelled',
      error: `mover goes on running on ${host}.`,
      outcome: null,
    });
    expect(await site.get('mover')).toMatchObject({ state: 'running', host });
  });

  test('an unknown one is refused', async () => {
    await expect(site.api.domains.followMove({ id: 'none' })).rejects.toMatchObject({
      code: 'move.unknown',
    });
  });

  test('they are there after a restart of the program, in their order', async () => {
    const before = await site.api.domains.moves({ domain: 'mover' });
    expect(before.map(({ state }) => state).slice(0, 2)).toEqual(['cancelled', 'done']);
    await site.reopen();
    expect(await site.api.domains.moves({ domain: 'mover' })).toEqual(before);
    await site.done(site.api.domains.start({ domain: 'mover' }));
    await site.done(site.api.domains.migrate({ domain: 'mover', host: 'alpha' }));
  });
});

describe('where it can go', () => {
  test('every host is named, with the reason against it', async () => {
    await site.api.hosts.add({ name: 'tiny', memoryMiB: 64, pcpus: 1 });
    const targets = await site.api.domains.migrationTargets({ domain: 'mover' });
    expect(targets).toMatchObject([
      { host: 'alpha', possible: false, reason: 'mover is on alpha already' },
      { host: 'beta', possible: true, reason: null, pages: 32_768 },
      {
        host: 'tiny',
        possible: false,
        reason: expect.stringContaining('of the 128 MiB') as string,
      },
    ]);
    for (const { estimatedStopMs } of targets) expect(estimatedStopMs).toBeGreaterThan(0);
  });

  test.each(['alpha', 'tiny', 'nowhere'])('to %s it is refused, and goes on', async (host) => {
    await expect(site.api.domains.migrate({ domain: 'mover', host })).rejects.toMatchObject({
      code: expect.stringMatching(/^(domain\.cannot-move|host\.unknown)$/) as string,
    });
    expect(await site.get('mover')).toMatchObject({ state: 'running', host: 'alpha' });
  });

  test('a paused or shut-off domain is not moved', async () => {
    await site.api.domains.pause({ domain: 'mover' });
    const asked = site.api.domains.migrate({ domain: 'mover', host: 'beta' });
    await expect(asked).rejects.toThrow(/only a running domain can be moved/);
    await site.api.domains.unpause({ domain: 'mover' });
  });
});

describe('when a host dies on the way', () => {
  test('the target before the commit: the domain goes on at the source', async () => {
    const task = await site.api.domains.migrate({ domain: 'mover', host: 'beta' });
    await site.site.parts.hosts.get('beta').terminate();
    const ended = await site.api.tasks.wait({ id: task.id });
    expect(ended).toMatchObject({ state: 'failed', error: { code: 'migration.failed' } });
    expect(ended.error!.message).toMatch(
      /could not be moved to beta: .*\. It goes on running on alpha\./,
    );
    const [kept] = await site.api.domains.moves({ domain: 'mover' });
    expect(kept).toMatchObject({ id: task.id, state: 'failed', error: ended.error!.message });
    expect(await site.get('mover')).toMatchObject({ state: 'running', host: 'alpha' });
    expect(await site.ask('mover', 'echo well')).toBe('well');
    await expect.poll(async () => (await site.api.hosts.list({}))[1]!.state, PATIENCE).toBe('up');
    expect(await whereabouts('mover')).toEqual(['alpha']);
  });

  test('the source before the commit: it is crashed, its definition intact, and nowhere', async () => {
    const free = await site.freeKiB('beta');
    const task = await site.api.domains.migrate({ domain: 'mover', host: 'beta' });
    await site.site.parts.hosts.get('alpha').terminate();
    const ended = await site.api.tasks.wait({ id: task.id });
    expect(ended).toMatchObject({ state: 'failed', error: { code: 'migration.source-lost' } });
    expect(await site.get('mover')).toMatchObject({ state: 'crashed', host: 'alpha' });
    expect(await whereabouts('mover')).toEqual([]);
    await expect.poll(() => site.freeKiB('beta'), PATIENCE).toBe(free);
    await expect.poll(async () => (await site.api.hosts.list({}))[0]!.state, PATIENCE).toBe('up');
    await site.done(site.api.domains.start({ domain: 'mover' }));
    expect(await site.ask('mover', 'hostname')).toBe('mover');
  });

  test('at any moment: it runs in one place or is crashed, and is never lost', async () => {
    for (const [index, delayMs] of [20, 60, 120, 200, 350, 600].entries()) {
      const { host } = await site.get('mover');
      const target = host === 'alpha' ? 'beta' : 'alpha';
      const victim = index % 2 === 0 ? target : host;
      const task = await site.api.domains.migrate({ domain: 'mover', host: target });
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await site.site.parts.hosts.get(victim).terminate();
      await site.api.tasks.wait({ id: task.id });
      await expect
        .poll(
          async () => (await site.api.hosts.list({})).every(({ state }) => state === 'up'),
          PATIENCE,
        )
        .toBe(true);
      const after = await site.get('mover');
      const places = await whereabouts('mover');
      if (after.state === 'running') {
        expect(places).toEqual([after.host]);
        expect(await site.ask('mover', 'echo well')).toBe('well');
      } else {
        expect(after.state).toBe('crashed');
        expect(places).toEqual([]);
        await site.done(site.api.domains.start({ domain: 'mover' }));
      }
    }
  });
});

describe('a host that dies', () => {
  test('takes its domains with it, with a reason, and comes back without them', async () => {
    const { host } = await site.get('mover');
    await site.site.parts.hosts.get(host).terminate();
    const crashed = await site.until('mover', ({ state }) => state === 'crashed');
    expect(crashed.reason).toContain(`host ${host} died`);
    await expect.poll(() => site.freeKiB(host), PATIENCE).toBe((1024 - 32) * 1024);
  });
});
