/** What breaks while a domain is copied: it goes on where it was, or runs where it went, and never both. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MoveOptions } from '../../shared/contract/index.ts';
import type { Tap } from '../migration/testing/tapped-link.ts';
import { beginMove } from './testing/begun-move.ts';
import type { BegunMove } from './testing/begun-move.ts';
import { guestImage } from './testing/guest-image.ts';
import type { TestDomain } from './testing/test-host.ts';
import { DOMAIN0_KIB, move, newDomain, TestHost } from './testing/test-host.ts';

const HOST_MIB = 200;
const FREE_FRAMES = (HOST_MIB * 1024 - DOMAIN0_KIB) / 4;
/**
 * Eight MiB written over and over, other bytes each time; and beside them one MiB that is compared with what
 * was written: a page that got lost shows.
 */
const WRITER =
  '(for f in first other; do dd if=/dev/urandom of=/tmp/$f bs=1M count=8; ' +
  'head -c 1048576 /tmp/$f >/tmp/$f.head; md5sum </tmp/$f.head >/tmp/$f.sum; done; ' +
  '(while cp /tmp/first /tmp/busy && cp /tmp/other /tmp/busy; do :; done) & n=0; ' +
  'written() { cp /tmp/$1.head /tmp/second && md5sum </tmp/second | cmp -s - /tmp/$1.sum; }; ' +
  'while written first && written other; ' +
  'do n=$((n+1)); echo $n >/tmp/n; done; echo broken >/tmp/n) >/dev/null 2>&1 & ' +
  'until [ -s /tmp/n ]; do usleep 50000; done';

describe('a live move that breaks', { timeout: 240_000 }, () => {
  let alpha: TestHost;
  let beta: TestHost;
  let guest: TestDomain;

  beforeAll(async () => {
    [alpha, beta] = await Promise.all([
      TestHost.start('alpha', HOST_MIB),
      TestHost.start('beta', HOST_MIB),
    ]);
    await boot();
  }, 240_000);

  afterAll(async () => {
    await alpha.stop();
    await beta.stop();
  });

  async function boot(): Promise<void> {
    guest = newDomain('mover', 128);
    await alpha.channel.call('domain.boot', { spec: guest.spec, boot: await guestImage('mover') });
    await guest.console.ready();
    await guest.console.run(WRITER);
  }

  /** It still works: the count of its writer goes on. */
  async function goesOn(): Promise<void> {
    const before = Number(await guest.console.run('cat /tmp/n'));
    expect(before).toBeGreaterThan(0);
    const grown = `until [ "$(cat /tmp/n)" != ${before} ]; do usleep 50000; done; cat /tmp/n`;
    expect(Number(await guest.console.run(grown))).toBeGreaterThan(before);
  }

  /** At the source alone, with all of its frames, and ready to be moved anew. */
  async function isBack(): Promise<void> {
    const { domid } = guest.spec;
    await beta.channel.call('migration.discard', { domid });
    await alpha.channel.call('migration.resume', { domid });
    await goesOn();
    expect(beta.frames.free).toBe(FREE_FRAMES);
    expect(alpha.frames.free).toBe(FREE_FRAMES - guest.counters.frames);
  }

  function begin(options?: MoveOptions, tap?: Tap): Promise<BegunMove> {
    return beginMove(guest, [alpha, beta], options, tap);
  }

  it('goes on at the source when the link is cut in the middle of the first round', async () => {
    const { sent, received } = await begin(
      {},
      ({ kind }, chunks) => kind === 'data' && chunks > 20,
    );
    await expect(sent).rejects.toMatchObject({ code: 'link.cut' });
    await expect(received).rejects.toMatchObject({ code: 'link.cut' });
    await isBack();
  });

  it('goes on at the source when the link is cut in a later round', async () => {
    const begun = await begin({ maxRateBytesPerSecond: 60e6 });
    await begun.round(({ number }) => number === 2);
    begun.link.cut();
    await expect(begun.sent).rejects.toMatchObject({ code: 'link.cut' });
    await isBack();
  });

  it('goes on at the source when the link is cut before the target knows that it has all', async () => {
    const { sent, received } = await begin({}, ({ kind }) => kind === 'close');
    await sent;
    await expect(received).rejects.toMatchObject({ code: 'link.cut' });
    await isBack();
  });

  it('goes on at the source when the target’s thread dies in a round', async () => {
    const begun = await begin();
    await begun.round();
    await beta.channel.call('domain.kill', { domid: guest.spec.domid });
    await expect(begun.received).rejects.toThrow(/thread/);
    await expect(begun.sent).rejects.toMatchObject({ code: 'link.end-gone' });
    await isBack();
  });

  it('goes on at the source when it is taken back in a round, and after the last', async () => {
    const begun = await begin();
    await begun.round();
    await alpha.channel.call('migration.resume', { domid: guest.spec.domid });
    await expect(begun.sent).rejects.toMatchObject({ code: 'migration.undone' });
    await isBack();
    const stopped = await begin();
    await Promise.all([stopped.sent, stopped.received]);
    await isBack();
  });

  it('is not stopped for longer than was allowed', async () => {
    const { sent } = await begin({ maxDowntimeMs: 20, maxRateBytesPerSecond: 8e6 });
    await expect(sent).rejects.toMatchObject({ code: 'migration.stop-too-long' });
    await isBack();
  });

  it('is slowed down where that is allowed, and only then, and has its speed back after', async () => {
    // So slow that also a guest that a busy machine starves writes faster.
    const options = { maxDowntimeMs: 50, maxRateBytesPerSecond: 6e6, autoConverge: true };
    const begun = await begin(options);
    const slowed = await begun.round(({ throttlePercent }) => throttlePercent > 0);
    expect(slowed.throttlePercent).toBeGreaterThanOrEqual(20);
    await begun.received;
    const { rounds } = await begun.sent;
    expect(rounds.at(-1)!.estimatedStopMs).toBeLessThanOrEqual(50);
    const stolen = await alpha.channel.call('domain.inside', { domid: guest.spec.domid });
    expect(stolen.runstate.runnableMs).toBeGreaterThan(0);
    await isBack();
    // Nobody takes anything from it now.
    const { runstate } = await alpha.channel.call('domain.inside', { domid: guest.spec.domid });
    await goesOn();
    const later = await alpha.channel.call('domain.inside', { domid: guest.spec.domid });
    expect(later.runstate.runnableMs).toBe(runstate.runnableMs);
  });

  it('runs at the target when the link is cut after all has gone over it', async () => {
    const begun = await begin();
    await Promise.all([begun.sent, begun.received]);
    begun.link.cut();
    const { domid } = guest.spec;
    await beta.channel.call('migration.activate', { domid });
    await alpha.channel.call('migration.discard', { domid });
    await goesOn();
    expect(alpha.frames.free).toBe(FREE_FRAMES);
    await move(guest, beta, alpha);
    await goesOn();
  });

  it('runs at the target when the source’s thread dies after all has gone over', async () => {
    const begun = await begin();
    await Promise.all([begun.sent, begun.received]);
    const { domid } = guest.spec;
    const crashed = alpha.next('domain.crashed', domid);
    await alpha.channel.call('domain.kill', { domid });
    await crashed;
    await beta.channel.call('migration.activate', { domid });
    await goesOn();
    expect(alpha.frames.free).toBe(FREE_FRAMES);
    await move(guest, beta, alpha);
  });

  it('arrives over a slow link', async () => {
    const slow = await TestHost.start('slow', HOST_MIB, { bandwidthBytesPerSecond: 12e6 });
    try {
      await move(guest, alpha, slow);
      const begun = await beginMove(guest, [slow, alpha]);
      await Promise.all([begun.sent, begun.received]);
      const { domid } = guest.spec;
      await alpha.channel.call('migration.activate', { domid });
      await slow.channel.call('migration.discard', { domid });
      await goesOn();
      const { rounds } = await begun.sent;
      expect(rounds.every(({ rate }) => rate <= 12e6)).toBe(true);
    } finally {
      await slow.stop();
    }
  });

  it('is gone, and told so, when the source’s thread dies in a round', async () => {
    const begun = await begin();
    await begun.round();
    const { domid } = guest.spec;
    const crashed = alpha.next('domain.crashed', domid);
    await alpha.channel.call('domain.kill', { domid });
    await expect(begun.received).rejects.toThrow();
    expect((await crashed).reason).toContain('thread');
    await beta.channel.call('migration.discard', { domid });
    expect([alpha.frames.free, beta.frames.free]).toEqual([FREE_FRAMES, FREE_FRAMES]);
  });
});
