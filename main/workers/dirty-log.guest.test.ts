/** The log of written pages, and the truth: a real Debian works, and all of its memory is compared. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRing } from '../../shared/ring/byte-ring.ts';
import {
  compileEngine,
  Domain,
  DomainCounters,
  HostFrames,
  makeMachine,
  PAGE_SIZE,
  Runstate,
} from '../hypervisor/index.ts';
import { REQUEST_RING_BYTES, RESPONSE_RING_BYTES } from '../dom0/index.ts';
import { DomainReceiver, restoreFromBuffer } from '../migration/index.ts';
import { DomainDevices } from './domain/domain-devices.ts';
import { eventLoopTurn } from './domain/run-loop.ts';
import { guestImage } from './testing/guest-image.ts';
import type { TestDomain } from './testing/test-host.ts';
import { newDomain, TestHost } from './testing/test-host.ts';

const MEMORY_MIB = 96;

describe('the log of a Debian', { timeout: 240_000 }, () => {
  let guest: TestDomain;
  let domain: Domain;
  let devices: DomainDevices;
  let frames: Uint32Array;
  const stopped = new AbortController();

  beforeAll(async () => {
    const stream = await savedDebian();
    guest = newDomain('here', MEMORY_MIB);
    domain = await domainOf(guest);
    const receiver = new DomainReceiver(domain);
    restoreFromBuffer(new Uint8Array(stream), receiver, { verified: true });
    receiver.complete();
    const rings = {
      requests: createRing(REQUEST_RING_BYTES),
      responses: createRing(RESPONSE_RING_BYTES),
    };
    devices = new DomainDevices(domain, guest.spec, rings, () => undefined);
    devices.begin();
    frames = new Uint32Array(domain.memory.size / PAGE_SIZE);
    domain.engine.clock.thaw();
    domain.enter(Runstate.running);
    void live();
    domain.memory.log.start();
  }, 240_000);

  afterAll(() => stopped.abort());

  /** As its thread does, but with turns of this thread's event loop between. */
  async function live(): Promise<void> {
    while (!stopped.signal.aborted) {
      domain.slice();
      devices.service();
      await eventLoopTurn();
    }
  }

  /** Between two slices: the pages in the log, and all of the memory. A new round begins. */
  function look(): { logged: Set<number>; memory: Uint8Array } {
    const count = domain.memory.log.take(frames);
    return { logged: new Set(frames.subarray(0, count)), memory: domain.memory.bytes.slice() };
  }

  function changed(before: Uint8Array, after: Uint8Array): number[] {
    const pages = [...frames.keys()];
    return pages.filter((page) => {
      const [start, end] = [page * PAGE_SIZE, (page + 1) * PAGE_SIZE];
      return Buffer.compare(before.subarray(start, end), after.subarray(start, end)) !== 0;
    });
  }

  it.each([
    ['does nothing', 'sleep 1', 5],
    [
      'writes files',
      'dd if=/dev/urandom of=/tmp/x bs=64k count=32 2>/dev/null; cp /tmp/x /tmp/y',
      1000,
    ],
    ['starts processes', 'for n in $(seq 40); do ls -l / | md5sum >/dev/null; done', 100],
    ['prints', 'dmesg; cat /proc/interrupts', 20],
    [
      'gives memory back to its kernel',
      'rm -f /tmp/x /tmp/y; echo 3 >/proc/sys/vm/drop_caches',
      20,
    ],
  ])('has every page that changed while it %s', async (_, work, atLeast) => {
    const before = look();
    await guest.console.run(work);
    const after = look();
    const pages = changed(before.memory, after.memory);
    expect(pages.length).toBeGreaterThan(atLeast);
    expect(pages.filter((page) => !after.logged.has(page))).toEqual([]);
    // Nor is it all pages: then it would prove nothing.
    expect(after.logged.size).toBeLessThan(frames.length / 2);
  });
});

async function savedDebian(): Promise<SharedArrayBuffer> {
  const host = await TestHost.start('alpha', 256);
  try {
    const first = newDomain('first', MEMORY_MIB);
    await host.channel.call('domain.boot', { spec: first.spec, boot: await guestImage('first') });
    await first.console.ready();
    const { domid } = first.spec;
    return (await host.channel.call('domain.save', { domid, thenDestroy: true })).stream;
  } finally {
    await host.stop();
  }
}

async function domainOf({ spec, counters }: TestDomain): Promise<Domain> {
  const machine = await makeMachine(await compileEngine(), spec.maxMemoryKiB, () =>
    performance.now(),
  );
  const hostFrames = new HostFrames();
  hostFrames.give(spec.maxMemoryKiB / 4);
  return new Domain({
    domid: spec.domid,
    uuid: spec.uuid,
    machine,
    frames: hostFrames,
    counters: new DomainCounters(counters.buffer),
    host: { onShutdown: () => undefined, onYield: () => undefined, log: () => undefined },
  });
}
