import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  GrantFlag,
  NetifExtraInfo,
  NetifExtraType,
  NetifGsoType,
  NetifRingEntryBytes,
  NetifStatus,
  NetTxFlag,
} from '../../../hypervisor/index.ts';
import { NO_OFFLOAD } from '../offload/offload.ts';
import { LoggedRun } from '../../../hypervisor/testing/logged-run.ts';
import { DATA_GFN, DATA_PAGES, DATA_REF } from '../../rings/testing/front-by-hand.ts';
import { NetFront } from '../testing/net-front.ts';

const { okay, error, null: none } = NetifStatus;
const { moreData, extraInfo, csumBlank } = NetTxFlag;

function segmentation(
  segmentBytes: number,
  flags = 0,
  gso: number = NetifGsoType.tcpv4,
): Uint8Array {
  const entry = new Uint8Array(NetifRingEntryBytes.tx);
  entry[NetifExtraInfo.offset.type] = NetifExtraType.gso;
  entry[NetifExtraInfo.offset.flags] = flags;
  new DataView(entry.buffer).setUint16(NetifExtraInfo.offset.u, segmentBytes, true);
  entry[NetifExtraInfo.offset.u + 2] = gso;
  return entry;
}

function receive(front: NetFront, bytes: Uint8Array, offload = NO_OFFLOAD): void {
  expect(front.toGuest.write(bytes.length, offload, (target) => target.set(bytes))).toBe(true);
}

describe('a network back end', () => {
  it('carries a packet in pieces, with what is left to do, and lets go of its pages', async () => {
    const front = await NetFront.start();
    front.page(DATA_GFN).fill(1);
    front.page(DATA_GFN + 1).fill(2);
    front.send({ ref: DATA_REF, offset: 100, flags: moreData | extraInfo | csumBlank, size: 3500 });
    front.put('tx', segmentation(1448));
    front.send({ ref: DATA_REF + 1, offset: 0, flags: 0, size: 2500 });
    front.publish('tx');
    front.backend.service();
    const [frame] = front.takeFrames();
    expect(frame?.offload).toEqual({ checksumPartial: true, segmentBytes: 1448 });
    expect([...(frame?.bytes ?? [])].filter((byte) => byte === 1)).toHaveLength(1000);
    expect([...(frame?.bytes ?? [])].slice(1000)).toEqual(Array.from({ length: 2500 }, () => 2));
    expect(front.statuses('tx')).toEqual([okay, none, okay]);
    expect(front.flags(DATA_REF)).toBe(GrantFlag.permitAccess);
    expect(front.notified).toBe(1);
  });

  it('waits for the rest of a packet that is not whole yet', async () => {
    const front = await NetFront.start();
    front.send({ ref: DATA_REF, offset: 0, flags: moreData, size: 200 });
    front.publish('tx');
    front.backend.service();
    expect([front.takeFrames(), front.statuses('tx')]).toEqual([[], []]);
    front.send({ ref: DATA_REF + 1, offset: 0, flags: 0, size: 100 });
    front.publish('tx');
    front.backend.service();
    expect(front.takeFrames()[0]?.bytes).toHaveLength(200);
  });

  it('refuses a packet that cannot be, and carries the next', async () => {
    const front = await NetFront.start();
    const good = { ref: DATA_REF, offset: 0, flags: 0, size: 60 };
    const bad = [
      { ...good, ref: 500 },
      { ...good, ref: 0xffff_ffff },
      { ...good, offset: 4090 },
      { ...good, offset: 0xffff, size: 0xffff },
      { ...good, size: 13 },
    ];
    front.grant(DATA_REF + 1, DATA_GFN, GrantFlag.permitAccess, 7);
    for (const slot of [...bad, { ...good, ref: DATA_REF + 1 }]) front.send(slot);
    front.send({ ...good, flags: moreData, size: 50 });
    front.send({ ...good, size: 100 });
    front.send(good);
    front.publish('tx');
    front.backend.service();
    expect(front.statuses('tx')).toEqual([
      error,
      error,
      error,
      error,
      error,
      error,
      error,
      error,
      okay,
    ]);
    expect(front.takeFrames().map(({ bytes }) => bytes.length)).toEqual([60]);
    expect(front.faults).toHaveLength(7);
    expect(front.broken).toEqual([]);
  });

  it('ends for a packet or its extra information that does not end', async () => {
    const endless = [
      (front: NetFront): void =>
        front.send({ ref: DATA_REF, offset: 0, flags: moreData, size: 60 }),
      (front: NetFront): void => front.put('tx', segmentation(1448, 1)),
    ];
    for (const slot of endless) {
      const front = await NetFront.start();
      front.send({ ref: DATA_REF, offset: 0, flags: extraInfo | moreData, size: 60 });
      front.put('tx', segmentation(1448, slot === endless[1] ? 1 : 0));
      for (let count = 0; count < 40; count++) slot(front);
      front.publish('tx');
      front.backend.service();
      front.backend.service();
      expect(front.broken).toHaveLength(1);
      expect(front.takeFrames()).toEqual([]);
    }
  });

  it('ends, once, for indices that cannot be', async () => {
    for (const way of ['tx', 'rx'] as const) {
      for (const index of [257, 0x8000_0000, 0xffff_ffff]) {
        const front = await NetFront.start();
        front.publish(way, index);
        receive(front, new Uint8Array(60));
        front.backend.service();
        front.backend.service();
        expect([way, index, front.broken.length]).toEqual([way, index, 1]);
      }
    }
  });

  it('gives what comes into the pages offered, and leaves it until there are enough', async () => {
    const front = await NetFront.start();
    const bytes = new Uint8Array(9000).map((_, index) => index * 7);
    receive(front, bytes, { checksumPartial: true, segmentBytes: 1448 });
    for (let page = 0; page < 3; page++) front.offer(DATA_REF + page);
    front.publish('rx');
    front.backend.service();
    expect(front.statuses('rx')).toEqual([]);
    front.offer(DATA_REF + 3);
    front.publish('rx');
    front.backend.service();
    expect(front.statuses('rx').filter((_, slot) => slot !== 1)).toEqual([4096, 4096, 808]);
    expect(front.page(DATA_GFN)).toEqual(bytes.subarray(0, 4096));
    expect(front.page(DATA_GFN + 2)).toEqual(bytes.subarray(4096, 8192));
    expect(front.page(DATA_GFN + 3).subarray(0, 808)).toEqual(bytes.subarray(8192));
  });

  it('loses the whole of a packet for a page that is not granted for writing', async () => {
    const front = await NetFront.start();
    front.grant(DATA_REF + 1, DATA_GFN + 1, GrantFlag.permitAccess | GrantFlag.readonly);
    const before = front.page(DATA_GFN + 2).slice();
    receive(front, new Uint8Array(9000).fill(9));
    for (let page = 0; page < 3; page++) front.offer(DATA_REF + page);
    front.publish('rx');
    front.backend.service();
    expect(front.statuses('rx')).toEqual([4096, error, error]);
    expect([front.page(DATA_GFN + 1), front.page(DATA_GFN + 2)]).toEqual([before, before]);
    expect(front.faults).toHaveLength(1);
  });

  it('touches no page but granted ones, all in the log of written ones, and ends at most itself, whatever stands in its rings', async () => {
    const front = await NetFront.start();
    const edge = fc.constantFrom(0, 1, 13, 14, 60, 4095, 4096, 0xffff);
    const slot = fc.record({
      ref: fc.oneof(
        fc.integer({ min: DATA_REF, max: DATA_REF + DATA_PAGES - 1 }),
        fc.constantFrom(0, 1, 8, 9, 511, 512, 0xffff_ffff),
      ),
      offset: fc.oneof(edge, fc.nat(4095)),
      flags: fc.constantFrom(0, 0, moreData, extraInfo, csumBlank, moreData | extraInfo, 0xffff),
      size: fc.oneof(edge, fc.nat(0xffff)),
      junk: fc.option(fc.uint8Array({ minLength: 12, maxLength: 12 }), { nil: null }),
    });
    const ours = pagesOf(front);
    await fc.assert(
      fc.asyncProperty(
        fc.array(slot, { minLength: 1, maxLength: 60 }),
        fc.array(fc.nat(9000), { maxLength: 6 }),
        fc.option(fc.integer({ min: 0, max: 0xffff_ffff }), { nil: null, freq: 8 }),
        async (slots, lengths, index) => {
          const one = await NetFront.start();
          for (const { junk, ...each } of slots) {
            if (junk) one.put('tx', junk);
            else one.send(each);
            one.offer(each.ref);
          }
          for (const length of lengths)
            receive(one, new Uint8Array(Math.max(14, length)).fill(0xee));
          one.publish('tx', index ?? undefined);
          one.publish('rx', index ?? undefined);
          const run = new LoggedRun(one.machine);
          const startMs = performance.now();
          one.backend.service();
          one.backend.service();
          expect(performance.now() - startMs).toBeLessThan(1000);
          expect(one.broken.length).toBeLessThanOrEqual(1);
          for (const frame of one.takeFrames()) expect(frame.bytes.length).toBeGreaterThan(13);
          expect(pagesOf(one)).toEqual(ours);
          expect(run.missed()).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** What no front end here has granted: below its rings, and behind its pages. */
function pagesOf(front: NetFront): Uint8Array[] {
  return [DATA_GFN - 1, DATA_GFN + DATA_PAGES].map((gfn) => front.page(gfn).slice());
}
