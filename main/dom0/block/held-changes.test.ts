/** A block back end whose guest is protected: what a failover could take back is never on the disk. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLKIF_RING_ENTRY_BYTES, BlkifOp, BlkifStatus, GrantFlag } from '../../hypervisor/index.ts';
import { DATA_GFN, DATA_REF } from '../rings/testing/front-by-hand.ts';
import { DiskStatus } from './ring/disk-ring.abi.ts';
import { FrontEnd } from './testing/front-end.ts';
import type { GuestSnapshot } from './testing/front-end.ts';

const SLOTS = 24;
const SECTORS = SLOTS * 8;
const { read, write, flushDiskcache, discard } = BlkifOp;
const { okay } = BlkifStatus;
const page = (index: number) => ({ ref: DATA_REF + index, first: 0, last: 7 });

interface Asked {
  number: number;
  slot: number;
  isDone: boolean;
}

interface Checkpoint {
  at: Asked[];
  guest: GuestSnapshot;
  entries: Uint8Array;
}

/** A guest that writes numbers, each greater than all before, to one of its places. */
class Writer {
  readonly front: FrontEnd;
  /** What it asked for, in that order, and whether it was answered. */
  private asked: Asked[] = [];
  private sent: Checkpoint | null = null;
  private acknowledged: Checkpoint | null = null;
  private last = 0;

  constructor(front: FrontEnd) {
    this.front = front;
    front.disk.fill(0);
  }

  ask(slot: number): void {
    if (this.asked.some((each) => each.slot === slot && !each.isDone)) return;
    const number = ++this.last;
    new DataView(this.front.page(DATA_GFN + slot).buffer).setUint32(
      this.front.page(DATA_GFN + slot).byteOffset,
      number,
    );
    this.front.ask(number, write, slot * 8, [page(slot)]);
    this.front.publish();
    this.front.backend.service();
    this.asked.push({ number, slot, isDone: false });
  }

  settle(): void {
    this.front.settle();
    for (const { id, status } of this.front.answers()) {
      const one = this.asked.find(({ number }) => number === id);
      expect(one).toMatchObject({ isDone: false });
      expect(status).toBe(okay);
      one!.isDone = true;
    }
  }

  mark(): void {
    const entries = this.front.backend.mark();
    const at = this.asked.map((each) => ({ ...each }));
    this.sent = { at, guest: this.front.snapshot(), entries };
  }

  /** Its standby has the last mark. */
  release(): void {
    this.acknowledged = this.sent;
    this.front.backend.release();
  }

  /** The highest number that may be on the disk. */
  get allowed(): number {
    return this.acknowledged?.at.at(-1)?.number ?? 0;
  }

  /** Its standby has the last mark, and did not come to say so, or has not got it yet. */
  lose(hasLast: boolean): void {
    const { at, guest, entries } = (hasLast ? this.sent : this.acknowledged)!;
    this.asked = at.map((each) => ({ ...each }));
    this.front.goBack(guest);
    this.front.backend.resume(entries);
  }

  /** The number in each place. */
  get onDisk(): number[] {
    const view = new DataView(this.front.disk.buffer);
    return Array.from({ length: SLOTS }, (_, slot) => view.getUint32(slot * 4096));
  }

  /** As it must be when all is answered. */
  get expected(): number[] {
    const numbers = new Array<number>(SLOTS).fill(0);
    for (const { slot, number } of this.asked) numbers[slot] = number;
    return numbers;
  }

  get isDone(): boolean {
    return this.asked.every(({ isDone }) => isDone);
  }
}

describe('a block back end that holds changes', () => {
  it('lets reads and flushes through, and changes only after their mark is released', async () => {
    const front = await FrontEnd.start(SECTORS);
    front.backend.hold();
    front.page(DATA_GFN).fill(0x77);
    const before = front.disk.slice();
    front.ask(1, write, 0, [page(0)]);
    front.ask(2, read, 8, [page(1)]);
    front.ask(3, flushDiskcache, 0, []);
    front.publish();
    front.settle();
    expect(front.answers().map(({ id }) => id)).toEqual([2, 3]);
    front.backend.mark();
    front.ask(4, write, 16, [page(0)]);
    front.publish();
    front.settle();
    expect(front.disk).toEqual(before);
    front.backend.release();
    front.settle();
    expect(front.answers()).toEqual([{ id: 1, operation: write, status: okay }]);
    expect(front.disk[0]).toBe(0x77);
    expect(front.disk.subarray(16 * 512, 17 * 512)).toEqual(before.subarray(16 * 512, 17 * 512));
    front.backend.letGo();
    front.settle();
    expect(front.answers()).toEqual([{ id: 4, operation: write, status: okay }]);
    expect(front.disk[16 * 512]).toBe(0x77);
  });

  it('has the pages of what it holds mapped, as of all that is under way', async () => {
    const front = await FrontEnd.start(SECTORS);
    front.backend.hold();
    front.ask(1, write, 0, [page(0)]);
    front.publish();
    front.settle();
    const { permitAccess, reading } = GrantFlag;
    expect(front.flags(DATA_REF)).toBe(permitAccess | reading);
    front.backend.letGo();
    front.settle();
    expect(front.flags(DATA_REF)).toBe(permitAccess);
  });

  it('names what failed and waits to be mended, too', async () => {
    const front = await FrontEnd.start(SECTORS);
    front.failing = [DiskStatus.noSpace];
    front.ask(1, write, 0, [page(0)]);
    front.publish();
    front.settle();
    const [entries, guest] = [front.backend.mark(), front.snapshot()];
    front.goBack(guest);
    front.backend.resume(entries);
    front.settle();
    expect(front.answers()).toEqual([{ id: 1, operation: write, status: okay }]);
  });

  it('is followed by one that makes each request again that was not answered, and none twice', async () => {
    const front = await FrontEnd.start(SECTORS);
    const fresh = front.snapshot();
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ kind: fc.constant('ask'), slot: fc.nat(SLOTS - 1) }) },
      {
        weight: 8,
        arbitrary: fc.constantFrom('settle', 'mark', 'release').map((kind) => ({ kind, slot: 0 })),
      },
      { weight: 1, arbitrary: fc.constantFrom(0, 1).map((slot) => ({ kind: 'lose', slot })) },
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
        front.goBack(fresh);
        const writer = new Writer(front);
        const protect = (): void => {
          front.backend.hold();
          writer.mark();
          writer.release();
        };
        protect();
        for (const { kind, slot } of steps) {
          if (kind === 'ask') writer.ask(slot);
          else if (kind === 'settle') writer.settle();
          else if (kind === 'mark') writer.mark();
          else if (kind === 'release') writer.release();
          else {
            writer.lose(slot === 1);
            writer.settle();
            expect(writer.isDone).toBe(true);
            expect(writer.onDisk).toEqual(writer.expected);
            protect();
          }
          expect(Math.max(...writer.onDisk)).toBeLessThanOrEqual(writer.allowed);
        }
        front.backend.letGo();
        writer.settle();
        expect(writer.isDone).toBe(true);
        expect(writer.onDisk).toEqual(writer.expected);
        expect(front.backend.underWay).toBe(0);
      }),
    );
  });

  it('is broken by a guest that takes back what was taken from its ring', async () => {
    const front = await FrontEnd.start(SECTORS);
    front.backend.hold();
    front.ask(1, write, 0, [page(0)]);
    front.ask(2, write, 8, [page(1)]);
    front.publish();
    front.settle();
    front.publish(1);
    front.settle();
    expect(front.broken).toBe(1);
    expect(front.backend.underWay).toBe(2);
    // What it had taken ends all the same.
    front.backend.letGo();
    front.settle();
    expect(front.backend.underWay).toBe(0);
  });

  it('does nothing more to the disk when its guest has ended', async () => {
    const front = await FrontEnd.start(SECTORS);
    const before = front.disk.slice();
    front.backend.hold();
    front.ask(1, write, 0, [page(0)]);
    front.publish();
    front.settle();
    front.backend.mark();
    front.backend.drop();
    front.backend.release();
    front.backend.letGo();
    front.settle();
    expect(front.disk).toEqual(before);
    expect(front.answers()).toEqual([]);
  });

  it('is broken by more requests under way than its ring has', async () => {
    const front = await FrontEnd.start(SECTORS);
    front.ask(1, discard, 0, []);
    front.publish();
    front.backend.resume(new Uint8Array(2 * BLKIF_RING_ENTRY_BYTES));
    expect(front.broken).toBe(1);
    front.settle();
    expect(front.answers()).toEqual([]);
  });

  it('answers what cannot be asked for, of whatever it is told was under way', async () => {
    const front = await FrontEnd.start(SECTORS);
    front.ask(1, write, 0, [page(0)]);
    front.ask(2, write, 8, [page(1)]);
    front.publish();
    const entries = new Uint8Array(2 * BLKIF_RING_ENTRY_BYTES + 3).fill(0xff);
    front.backend.resume(entries);
    front.settle();
    expect(front.answers()).toHaveLength(2);
    expect(front.faults).toHaveLength(2);
    expect(front.backend.underWay).toBe(0);
  });
});
