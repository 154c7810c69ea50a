/** What survives when a move fails: never two, never none without a word, always the frames. */
import { MessageChannel } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guestImage } from './testing/guest-image.ts';
import type { TestDomain } from './testing/test-host.ts';
import { DOMAIN0_KIB, newDomain, TestHost } from './testing/test-host.ts';

const HOST_MIB = 400;
const FREE_FRAMES = (HOST_MIB * 1024 - DOMAIN0_KIB) / 4;

describe('a move that fails', { timeout: 240_000 }, () => {
  let alpha: TestHost;
  let beta: TestHost;
  let golden: SharedArrayBuffer;

  beforeAll(async () => {
    [alpha, beta] = await Promise.all([
      TestHost.start('alpha', HOST_MIB),
      TestHost.start('beta', HOST_MIB),
    ]);
    const first = newDomain('first', 128);
    await alpha.channel.call('domain.boot', { spec: first.spec, boot: await guestImage('first') });
    await first.console.ready();
    const saved = await alpha.channel.call('domain.save', {
      domid: first.spec.domid,
      thenDestroy: true,
    });
    golden = saved.stream;
  }, 240_000);

  afterAll(async () => {
    await alpha.stop();
    await beta.stop();
  });

  async function clone(host: TestHost, name: string): Promise<TestDomain> {
    const domain = newDomain(name, 128);
    await host.channel.call('domain.restore', {
      spec: domain.spec,
      stream: golden,
      identity: 'clone',
      paused: false,
    });
    await domain.console.run('true');
    return domain;
  }

  it('is refused before anything stops when the target has no memory', async () => {
    const [a, b] = [await clone(beta, 'a'), await clone(beta, 'b')];
    const mover = await clone(alpha, 'mover');
    const { port2 } = new MessageChannel();
    await expect(
      beta.channel.call(
        'migration.prepare',
        { spec: mover.spec, link: port2 },
        { transfer: [port2] },
      ),
    ).rejects.toMatchObject({ code: 'host.out-of-memory' });
    expect(await mover.console.run('echo still here')).toBe('still here');
    for (const { spec } of [a, b]) await beta.channel.call('domain.destroy', { domid: spec.domid });
    await alpha.channel.call('domain.destroy', { domid: mover.spec.domid });
    expect([alpha.frames.free, beta.frames.free]).toEqual([FREE_FRAMES, FREE_FRAMES]);
  });

  it('leaves the domain running at the source when the target dies', async () => {
    const mover = await clone(alpha, 'mover');
    const { domid } = mover.spec;
    const { port1, port2 } = new MessageChannel();
    await beta.channel.call(
      'migration.prepare',
      { spec: mover.spec, link: port2 },
      { transfer: [port2] },
    );
    const received = beta.channel.call('migration.received', { domid });
    received.catch(() => undefined);
    const sent = alpha.channel.call(
      'migration.send',
      { domid, link: port1 },
      { transfer: [port1] },
    );
    await beta.channel.call('domain.kill', { domid });
    await expect(received).rejects.toThrow();
    await sent.catch(() => undefined);
    await alpha.channel.call('migration.resume', { domid });
    expect(await mover.console.run('echo still here')).toBe('still here');
    await alpha.channel.call('domain.destroy', { domid });
    expect([alpha.frames.free, beta.frames.free]).toEqual([FREE_FRAMES, FREE_FRAMES]);
  });

  it('ends the domain, and tells, when the source dies before the target has all of it', async () => {
    const mover = await clone(alpha, 'mover');
    const { domid } = mover.spec;
    const { port1, port2 } = new MessageChannel();
    await beta.channel.call(
      'migration.prepare',
      { spec: mover.spec, link: port2 },
      { transfer: [port2] },
    );
    const received = beta.channel.call('migration.received', { domid });
    received.catch(() => undefined);
    const crashed = alpha.next('domain.crashed', domid);
    const sent = alpha.channel.call(
      'migration.send',
      { domid, link: port1 },
      { transfer: [port1] },
    );
    sent.catch(() => undefined);
    await alpha.channel.call('domain.kill', { domid });
    await expect(received).rejects.toThrow();
    expect((await crashed).reason).toContain('thread');
    await beta.channel.call('migration.discard', { domid });
    expect([alpha.frames.free, beta.frames.free]).toEqual([FREE_FRAMES, FREE_FRAMES]);
  });

  it('is none of a neighbour’s business when a domain’s thread dies', async () => {
    const [victim, neighbour] = [await clone(alpha, 'victim'), await clone(alpha, 'neighbour')];
    const crashed = alpha.next('domain.crashed', victim.spec.domid);
    await alpha.channel.call('domain.kill', { domid: victim.spec.domid });
    await crashed;
    expect(await neighbour.console.run('echo alive')).toBe('alive');
    await alpha.channel.call('domain.destroy', { domid: neighbour.spec.domid });
    expect(alpha.frames.free).toBe(FREE_FRAMES);
  });
});
