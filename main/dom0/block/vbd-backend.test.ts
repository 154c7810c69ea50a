import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLKIF_RING_ENTRY_BYTES, BlkifOp, BlkifStatus, GrantFlag } from '../../hypervisor/index.ts';
import { LoggedRun } from '../../hypervisor/testing/logged-run.ts';
import { DiskStatus } from './ring/disk-ring.abi.ts';
import { DATA_GFN, DATA_PAGES, DATA_REF } from '../rings/testing/front-by-hand.ts';
import { FrontEnd } from './testing/front-end.ts';
import type { Segment } from './testing/front-end.ts';

const SECTORS = 512;
const { read, write, flushDiskcache, writeBarrier, discard } = BlkifOp;
const { okay, error, eopnotsupp } = BlkifStatus;
const whole = (ref: number): Segment => ({ ref, first: 0, last: 7 });

describe('a block back end', () => {
  it('reads into granted pages, sector by sector, and lets go of them', async () => {
    const front = await FrontEnd.start(SECTORS);
    front.ask(1, read, 10, [
      { ref: DATA_REF, first: 2, last: 4 },
      { ref: DATA_REF + 1, first: 7, last: 7 },
    ]);
    front.publish();
    front.settle();
    expect(front.answers()).toEqual([{ id: 1, operation: read, status: okay }]);
    const sectors = front.disk.subarray(10 * 512, 14 * 512);
    expect(front.page(DATA_GFN).subarray(1024, 2560)).toEqual(sectors.subarray(0, 1536));
    expect(front.page(DATA_GFN + 1).subarray(3584)).toEqual(sectors.subarray(1536));
    expect(
      front
        .page(DATA_GFN)
        .subarray(0, 1024)
        .every((byte) => byte === 0),
    ).toBe(true);
    expect(front.flags(DATA_REF)).toBe(GrantFlag.permitAccess);
    expect(front.notified).toBe(1);
  });

  it('has a page mapped, for writing only when it reads, until the request is answered', async () => {
    const front = await FrontEnd.start(SECTORS);
    front.ask(1, read, 0, [whole(DATA_REF)]);
    front.ask(2, write, 8, [whole(DATA_REF + 1)]);
    front.publish();
    front.backend.service();
    const { permitAccess, reading, writing } = GrantFlag;
    expect(front.flags(DATA_REF)).toBe(permitAccess | reading | writing);
    expect(front.flags(DATA_REF + 1)).toBe(permitAccess | reading);
    front.settle();
    expect(front.answers()).toHaveLength(2);
    expect([front.flags(DATA_REF), front.flags(DATA_REF + 1)]).toEqual([
      permitAccess,
      permitAccess,
    ]);
  });

  it('writes from read-only grants, and never reads into them', async () => {
    const front = await FrontEnd.start(SECTORS);
    front.grant(DATA_REF, DATA_GFN, GrantFlag.permitAccess | GrantFlag.readonly);
    front.page(DATA_GFN).fill(0x5a);
    front.ask(1, write, 0, [whole(DATA_REF)]);
    front.ask(2, read, 64, [whole(DATA_REF)]);
    front.publish();
    front.settle();
    expect(front.answers()).toEqual([
      { id: 2, operation: read, status: error },
      { id: 1, operation: write, status: okay },
    ]);
    expect(front.disk.subarray(0, 4096).every((byte) => byte === 0x5a)).toBe(true);
  });

  it('takes the segments of an indirect request, and answers with what it asked for', async () => {
    const front = await FrontEnd.start(SECTORS);
    const segments = Array.from({ length: 40 }, (_, page) => whole(DATA_REF + 1 + page));
    front.askIndirect(9, read, 100, DATA_REF, segments);
    front.publish();
    front.settle();
    expect(front.answers()).toEqual([{ id: 9, operation: read, status: okay }]);
    for (let page = 0; page < 40; page++) {
      const at = (100 + page * 8) * 512;
      expect(front.page(DATA_GFN + 1 + page)).toEqual(front.disk.subarray(at, at + 4096));
    }
  });

  it('answers one small request at once when the disk does, and goes on when it does not', async () => {
    const front = await FrontEnd.start(SECTORS);
    const asked = (id: number, sector: number): number[] => {
      front.ask(id, read, sector, [whole(DATA_REF)]);
      front.publish();
      front.backend.asked();
      return front.answers().map((answer) => answer.id);
    };
    expect(asked(1, 16)).toEqual([]);
    front.settle();
    expect(front.answers()).toHaveLength(1);

    front.isPrompt = true;
    // After a look in vain the next one is left out.
    expect(asked(2, 24)).toEqual([]);
    front.settle();
    front.answers();
    expect(asked(3, 32)).toEqual([3]);
    expect(front.page(DATA_GFN)).toEqual(front.disk.subarray(32 * 512, 40 * 512));
    expect(front.flags(DATA_REF)).toBe(GrantFlag.permitAccess);
  });

  it('refuses what cannot be, each with the status that a front end understands', async () => {
    const front = await FrontEnd.start(SECTORS, true);
    const refused: [number, () => void][] = [
      [error, () => front.ask(1, read, SECTORS - 7, [whole(DATA_REF)])],
      [error, () => front.ask(2, read, -1, [whole(DATA_REF)])],
      [error, () => front.ask(3, read, 0, [])],
      [error, () => front.ask(4, read, 0, [{ ref: DATA_REF, first: 5, last: 4 }])],
      [error, () => front.ask(5, read, 0, [{ ref: DATA_REF, first: 0, last: 8 }])],
      [error, () => front.ask(6, read, 0, [whole(DATA_REF + DATA_PAGES)])],
      [error, () => front.ask(7, read, 0, [whole(0xffff_ffff)])],
      [error, () => front.ask(8, write, 0, [whole(DATA_REF)])],
      [error, () => front.ask(9, discard, 0, [])],
      [eopnotsupp, () => front.ask(10, writeBarrier, 0, [whole(DATA_REF)])],
      [eopnotsupp, () => front.ask(11, 77, 0, [])],
      [error, () => front.askIndirect(12, flushDiskcache, 0, DATA_REF, [whole(DATA_REF)])],
      [error, () => front.askIndirect(13, read, 0, DATA_REF, [])],
      [error, () => front.askIndirect(14, read, 0, DATA_REF, [{ ref: 3, first: 0, last: 0 }])],
    ];
    for (const [, put] of refused) put();
    front.publish();
    front.settle();
    expect(front.answers().map(({ id, status }) => [id, status])).toEqual(
      refused.map(([status], index) => [index + 1, status]),
    );
    expect(front.faults).toHaveLength(refused.length);
  });

  it('flushes whatever the sector says', async () => {
    const front = await FrontEnd.start(SECTORS);
    front.ask(1, flushDiskcache, -1, []);
    front.publish();
    front.settle();
    expect(front.answers()).toEqual([{ id: 1, operation: flushDiskcache, status: okay }]);
  });

  it('holds what failed for what may be mended, and makes it again', async () => {
    const front = await FrontEnd.start(SECTORS);
    front.page(DATA_GFN).fill(1);
    front.ask(1, write, 0, [whole(DATA_REF)]);
    front.ask(2, read, 8, [whole(DATA_REF + 1)]);
    front.publish();
    front.failing = [DiskStatus.noSpace];
    front.settle();
    expect(front.answers().map(({ id }) => id)).toEqual([2]);
    expect(front.held).toEqual([DiskStatus.noSpace]);
    expect(front.flags(DATA_REF)).toBe(GrantFlag.permitAccess | GrantFlag.reading);
    front.backend.retry();
    front.settle();
    expect(front.answers()).toEqual([{ id: 1, operation: write, status: okay }]);
    expect(front.disk[0]).toBe(1);
  });

  it('makes again what fails late, from before it was mended, and holds what fails after that', async () => {
    const front = await FrontEnd.start(SECTORS);
    front.page(DATA_GFN).fill(1);
    front.ask(1, write, 0, [whole(DATA_REF)]);
    front.publish();
    front.backend.service();
    front.failing = [DiskStatus.noSpace];
    front.serveDisk();
    front.backend.retry();
    front.failing = [DiskStatus.failed];
    front.settle();
    expect(front.held).toEqual([DiskStatus.failed]);
    expect(front.answers()).toEqual([]);
    front.backend.retry();
    front.settle();
    expect(front.answers()).toEqual([{ id: 1, operation: write, status: okay }]);
    expect(front.disk[0]).toBe(1);
  });

  it('answers what it holds as failed when the device is given up', async () => {
    const front = await FrontEnd.start(SECTORS);
    front.ask(1, write, 0, [whole(DATA_REF)]);
    front.publish();
    front.failing = [DiskStatus.failed];
    front.settle();
    front.backend.giveUp();
    front.settle();
    expect(front.answers()).toEqual([{ id: 1, operation: write, status: error }]);
    expect(front.backend.underWay).toBe(0);
  });

  it('serves a ring no more whose index cannot be, and says so once', async () => {
    const front = await FrontEnd.start(SECTORS);
    front.publish(33);
    front.settle();
    front.settle();
    expect(front.broken).toBe(1);
    expect(front.answers()).toEqual([]);
  });

  const segment = fc
    .tuple(fc.nat(DATA_PAGES - 1), fc.nat(7), fc.nat(7))
    .map(([page, a, b]) => ({ ref: DATA_REF + page, first: Math.min(a, b), last: Math.max(a, b) }));
  const request = fc.record({
    operation: fc.constantFrom(read, write),
    sector: fc.nat(SECTORS - 11 * 8),
    segments: fc.array(segment, { minLength: 1, maxLength: 11 }),
  });

  it('is a disk: what was written last is what is read', async () => {
    const front = await FrontEnd.start(SECTORS);
    const model = front.disk.slice();
    fc.assert(
      fc.property(request, fc.nat(255), ({ operation, sector, segments }, fill) => {
        for (let page = 0; page < DATA_PAGES; page++) front.page(DATA_GFN + page).fill(fill + page);
        const before = segments.map(({ ref }) => front.page(DATA_GFN + ref - DATA_REF).slice());
        front.ask(1, operation, sector, segments);
        front.publish();
        front.settle();
        expect(front.answers()).toEqual([{ id: 1, operation, status: okay }]);
        let at = sector * 512;
        segments.forEach(({ first, last }, index) => {
          const bytes = (last - first + 1) * 512;
          const page = before[index]!.subarray(first * 512, (last + 1) * 512);
          if (operation === write) model.set(page, at);
          at += bytes;
        });
        expect(Buffer.compare(front.disk, model)).toBe(0);
        if (operation === read) expectRead(front, segments, model, sector * 512);
      }),
    );
  });

  /** Of a page that is named twice the last piece counts: only pages named once are compared. */
  function expectRead(
    front: FrontEnd,
    segments: Segment[],
    model: Uint8Array,
    start: number,
  ): void {
    let at = start;
    for (const { ref, first, last } of segments) {
      const bytes = (last - first + 1) * 512;
      if (segments.filter((other) => other.ref === ref).length === 1) {
        const page = front.page(DATA_GFN + ref - DATA_REF);
        expect(page.subarray(first * 512, (last + 1) * 512)).toEqual(
          model.subarray(at, at + bytes),
        );
      }
      at += bytes;
    }
  }

  it('touches nothing that was not granted, and all that it wrote is logged, whatever stands in the ring', async () => {
    const entry = fc.uint8Array({
      minLength: BLKIF_RING_ENTRY_BYTES,
      maxLength: BLKIF_RING_ENTRY_BYTES,
    });
    const likely = fc
      .tuple(entry, fc.constantFrom(0, 1, 3, 5, 6), fc.nat(12))
      .map(([bytes, operation, count]) => {
        bytes[0] = operation;
        bytes[1] = count;
        bytes.fill(0, 13, 20);
        for (let at = 20; at + 8 <= bytes.length; at += 8) {
          bytes.set([DATA_REF + (bytes[at]! % (DATA_PAGES + 8)), 0, 0, 0], at);
          bytes[at + 4]! %= 9;
          bytes[at + 5]! %= 9;
        }
        return bytes;
      });
    const front = await FrontEnd.start(SECTORS);
    const { memory } = front.machine.domain;
    const [from, to] = [DATA_GFN * 4096, (DATA_GFN + DATA_PAGES) * 4096];
    const others = (): Buffer =>
      Buffer.concat([
        memory.bytes.subarray(0, 0x200 * 4096),
        memory.bytes.subarray(to, to + 4096 * 64),
      ]);
    const before = Buffer.from(others());
    const run = new LoggedRun(front.machine);
    expect(from).toBeLessThan(to);
    fc.assert(
      fc.property(fc.array(fc.oneof(entry, likely), { minLength: 1, maxLength: 32 }), (entries) => {
        for (const each of entries) front.put(each);
        front.publish();
        run.look();
        front.settle();
        expect(run.missed()).toEqual([]);
        expect(front.answers()).toHaveLength(entries.length);
        expect(front.backend.underWay).toBe(0);
        expect(others().equals(before)).toBe(true);
        for (let page = 0; page < DATA_PAGES; page++) {
          expect(front.flags(DATA_REF + page)).toBe(GrantFlag.permitAccess);
        }
      }),
    );
    expect(front.broken).toBe(0);
  });
});
