/** A protected guest: what it sends waits for its standby, and nothing of that is lost with its host. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DomainCounter } from '../hypervisor/index.ts';
import { guestImage } from './testing/guest-image.ts';
import { protect, takeOver } from './testing/protection.ts';
import type { TestDomain } from './testing/test-host.ts';
import { DOMAIN0_KIB, newDomain, TestHost } from './testing/test-host.ts';

const HOST_MIB = 400;
const FREE_FRAMES = (HOST_MIB * 1024 - DOMAIN0_KIB) / 4;
const INTERVAL_MS = 40;
const FAILOVERS = 4;
const PATIENCE = { timeout: 60_000, interval: 50 };

describe('a protected guest', { timeout: 240_000 }, () => {
  const hosts: TestHost[] = [];
  let guest: TestDomain;
  /** Where it runs; its standby is on the other. */
  let place = 0;
  const here = (): TestHost => hosts[place]!;
  const there = (): TestHost => hosts[1 - place]!;

  beforeAll(async () => {
    hosts.push(await TestHost.start('alpha', HOST_MIB), await TestHost.start('beta', HOST_MIB));
    guest = newDomain('guarded', 128);
    await here().channel.call('domain.boot', {
      spec: guest.spec,
      boot: await guestImage('guarded'),
    });
    await guest.console.ready();
  }, 240_000);

  afterAll(async () => {
    for (const host of hosts) await host.stop();
  });

  async function loseHost(): Promise<void> {
    const [dead, name] = [here(), here().name];
    await dead.stop();
    place = 1 - place;
    hosts[1 - place] = await TestHost.start(name, HOST_MIB);
  }

  it('goes on from its last checkpoint, and says each thing once', async () => {
    // Numbers without end, and a break by the hand of a person at the end.
    await guest.console.run('stty -echo');
    guest.console.type('n=0; while :; do n=$((n+1)); echo "count $n."; done\n');
    const from = guest.console.text.length;
    for (let failover = 0; failover < FAILOVERS; failover++) {
      await protect(guest, here(), there(), INTERVAL_MS);
      await guest.console.until(/count \d+\./, guest.console.text.length);
      await sleep(Math.random() * 400);
      const standby = there();
      await loseHost();
      await takeOver(guest, standby);
      await guest.console.until(/count \d+\./, guest.console.text.length);
    }
    guest.console.type('\x03');
    await guest.console.prompt();
    const counted = [...guest.console.text.slice(from).matchAll(/count (\d+)\./g)];
    const numbers = counted.map(([, number]) => Number(number));
    expect(numbers.length).toBeGreaterThan(100);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    await guest.console.run('stty echo');
  });

  it('reads what was typed once, whichever host read it', async () => {
    await guest.console.run('stty -echo');
    guest.console.type('cat >/tmp/typed\n');
    const lines = Array.from({ length: 400 }, (_, index) => `line ${index}\n`);
    await protect(guest, here(), there(), INTERVAL_MS);
    const standby = there();
    for (const [index, line] of lines.entries()) {
      guest.console.type(line);
      if (index % 20 === 0) await sleep(5);
      if (index !== 250) continue;
      await loseHost();
      await takeOver(guest, standby);
    }
    guest.console.type('\x04');
    guest.console.type('stty echo; md5sum </tmp/typed\n');
    const [, sum] = await guest.console.until(/([0-9a-f]{32})  -/);
    expect(sum).toBe(createHash('md5').update(lines.join('')).digest('hex'));
  });

  it('says nothing while nobody has decided what becomes of its lost standby', async () => {
    await protect(guest, here(), there(), INTERVAL_MS);
    const { domid } = guest.spec;
    const lost = new Promise<string>((resolve) =>
      here().channel.on('protection.lost', ({ reason }) => resolve(reason)),
    );
    await there().channel.call('domain.kill', { domid });
    expect(await lost).toMatch(/other end|link/);
    const before = guest.counters.values[DomainCounter.consoleBytesOut]!;
    const shown = guest.console.text.length;
    guest.console.type('echo "said"-"now"\n');
    await expect
      .poll(() => guest.counters.values[DomainCounter.consoleBytesOut], PATIENCE)
      .toBeGreaterThan(before + 'said-now'.length);
    expect(guest.console.text.length).toBe(shown);
    await here().channel.call('protection.end', { domid });
    await guest.console.until(/said-now/, shown);
    await there().channel.call('protection.discard', { domid });
    expect(there().frames.free).toBe(FREE_FRAMES);
  });

  it('goes on unprotected, and says what it held, when that is wanted', async () => {
    await protect(guest, here(), there(), INTERVAL_MS);
    expect(await guest.console.run('echo protected')).toBe('protected');
    const { domid } = guest.spec;
    await here().channel.call('protection.end', { domid });
    await there().channel.call('protection.discard', { domid });
    expect(await guest.console.run('echo alone')).toBe('alone');
    expect(there().frames.free).toBe(FREE_FRAMES);
    await protect(guest, here(), there(), INTERVAL_MS);
    expect(await guest.console.run('echo again')).toBe('again');
  });
});

describe('what a protected guest says', { timeout: 240_000 }, () => {
  const LATENCY_MS = 150;
  const hosts: TestHost[] = [];

  afterAll(async () => {
    for (const host of hosts) await host.stop();
  });

  it('is not shown before its checkpoint went to the standby and the answer came back', async () => {
    for (const name of ['alpha', 'beta']) {
      hosts.push(await TestHost.start(name, HOST_MIB, { latencyMs: LATENCY_MS }));
    }
    const guest = newDomain('far', 128);
    const boot = await guestImage('far');
    await hosts[0]!.channel.call('domain.boot', { spec: guest.spec, boot });
    await guest.console.prompt();
    await protect(guest, hosts[0]!, hosts[1]!, INTERVAL_MS);
    for (let turn = 0; turn < 3; turn++) {
      const typedAtMs = performance.now();
      await guest.console.run('echo far');
      // Timers of the link may let an answer go two milliseconds early.
      expect(performance.now() - typedAtMs).toBeGreaterThan(2 * LATENCY_MS - 5);
    }
  });
});
