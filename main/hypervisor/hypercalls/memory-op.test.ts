import { beforeEach, describe, expect, it } from 'vitest';
import * as abi from '../abi/index.ts';
import { Errno, Hypercall, MapSpace, MemoryOp } from '../abi/index.ts';
import { Caller } from '../testing/caller.ts';
import { Place } from '../testing/places.ts';

const { self } = abi.ReservedDomId;
const PAGE = 4096;
const DOMAIN_FRAMES = 2048;
const LIST = Place.arguments + 0x1000;
const FREE = Place.free / PAGE;
const BAR1_GFN = 0x1000;

describe('memory_op', () => {
  let caller: Caller;
  beforeEach(async () => {
    caller = await Caller.start();
  });

  /** EAX of a reservation command over a list of gfns. */
  const reserve = (command: number, gfns: readonly number[], fields: object = {}): number => {
    gfns.forEach((gfn, index) => caller.machine.setWord(LIST + index * 4, gfn));
    return caller.callWith(Hypercall.memoryOp, command, abi.MemoryReservation, {
      extentStart: abi.GuestVirtualAddress(LIST),
      nrExtents: gfns.length,
      domid: self,
      ...fields,
    }).result;
  };
  const decrease = (gfns: readonly number[], fields = {}): number =>
    reserve(MemoryOp.decreaseReservation, gfns, fields);
  const populate = (gfns: readonly number[], fields = {}): number =>
    reserve(MemoryOp.populatePhysmap, gfns, fields);
  const range = (first: number, count: number): number[] =>
    Array.from({ length: count }, (_, index) => first + index);
  const held = (): number => caller.machine.counters.frames;

  describe('ballooning', () => {
    it('moves frames between domain and host, to the page', () => {
      const { machine } = caller;
      const free = machine.frames.free;
      expect(decrease(range(FREE, 1000))).toBe(1000);
      expect(held()).toBe(DOMAIN_FRAMES - 1000);
      expect(machine.frames.free).toBe(free + 1000);
      expect(populate(range(FREE, 400))).toBe(400);
      expect(held()).toBe(DOMAIN_FRAMES - 600);
      expect(machine.framesAddUp).toBe(true);
    });

    it('gives a frame back as zeros', () => {
      const { machine } = caller;
      machine.setWord(Place.free, 0x12345678);
      expect(decrease([FREE])).toBe(1);
      expect(populate([FREE])).toBe(1);
      expect(machine.word(Place.free)).toBe(0);
    });

    it('stops at the first frame that is not there and says how many are done', () => {
      expect(decrease([FREE, FREE + 1, FREE, FREE + 2])).toBe(2);
      expect(held()).toBe(DOMAIN_FRAMES - 2);
      expect(decrease([DOMAIN_FRAMES])).toBe(0);
      expect(decrease([0xffff_ffff])).toBe(0);
    });

    it('never goes beyond the maximum', () => {
      expect(populate([FREE])).toBe(0);
      expect(populate([BAR1_GFN - 1])).toBe(0);
      expect(held()).toBe(DOMAIN_FRAMES);
    });

    it('never takes what the host does not have', () => {
      const { machine } = caller;
      decrease(range(FREE, 100));
      machine.frames.tryTake(machine.frames.free - 30);
      expect(populate(range(FREE, 100))).toBe(30);
      expect(machine.frames.free).toBe(0);
      expect(held()).toBe(DOMAIN_FRAMES - 70);
    });

    it('takes extents of several frames, all of one or none', () => {
      expect(decrease([FREE, FREE + 16], { extentOrder: 4 })).toBe(2);
      expect(held()).toBe(DOMAIN_FRAMES - 32);
      expect(populate([FREE + 20])).toBe(1);
      expect(populate([FREE, FREE + 16], { extentOrder: 4 })).toBe(1);
      expect(held()).toBe(DOMAIN_FRAMES - 15);
      expect(caller.machine.framesAddUp).toBe(true);
    });

    it('does nothing for absurd arguments', () => {
      expect(decrease([0], { extentOrder: 10 })).toBe(0);
      expect(decrease([FREE], { nrExtents: 0xffff_ffff })).toBe(0);
      expect(decrease([FREE], { domid: abi.DomId(0) })).toBe(-Errno.EPERM);
      expect(decrease([FREE], { domid: abi.ReservedDomId.invalid })).toBe(0);
      expect(decrease([FREE], { extentStart: abi.GuestVirtualAddress(0xf000_0000) })).toBe(0);
      expect(reserve(MemoryOp.increaseReservation, [FREE])).toBe(0);
      expect(held()).toBe(DOMAIN_FRAMES);
    });

    it('is done by remove_from_physmap too', () => {
      const remove = (gpfn: number): number =>
        caller.callWith(Hypercall.memoryOp, MemoryOp.removeFromPhysmap, abi.RemoveFromPhysmap, {
          domid: self,
          gpfn: abi.Gfn(gpfn),
        }).result;
      expect(remove(FREE)).toBe(0);
      expect(remove(FREE)).toBe(-Errno.ENOENT);
      expect(held()).toBe(DOMAIN_FRAMES - 1);
      expect(caller.machine.framesAddUp).toBe(true);
    });
  });

  it('tells what the domain holds, may hold, and how far its memory goes', () => {
    const ask = (command: number, domid: abi.DomId = self): number =>
      caller.callWith(Hypercall.memoryOp, command, abi.MemoryDomain, { domid }).result;
    decrease([FREE]);
    expect(ask(MemoryOp.currentReservation)).toBe(DOMAIN_FRAMES - 1);
    expect(ask(MemoryOp.maximumReservation)).toBe(DOMAIN_FRAMES);
    expect(ask(MemoryOp.maximumGpfn)).toBe(DOMAIN_FRAMES - 1);
    expect(ask(MemoryOp.currentReservation, caller.machine.domain.domid)).toBe(DOMAIN_FRAMES - 1);
    expect(ask(MemoryOp.currentReservation, abi.DomId(0))).toBe(-Errno.EPERM);
    expect(ask(MemoryOp.currentReservation, abi.ReservedDomId.idle)).toBe(-Errno.ESRCH);
  });

  it('knows the command below the bits of a continuation, and no other commands', () => {
    const call = (command: number): number =>
      caller.call(Hypercall.memoryOp, command, Place.arguments);
    caller.machine.setWord(Place.arguments, self);
    expect(call(MemoryOp.currentReservation | (5 << 6))).toBe(DOMAIN_FRAMES);
    for (const command of [
      MemoryOp.memoryMap,
      MemoryOp.machphysMapping,
      MemoryOp.addToPhysmapBatch,
      63,
    ]) {
      expect(call(command)).toBe(-Errno.ENOSYS);
    }
  });

  describe('add_to_physmap', () => {
    const add = (space: number, idx: number, gpfn: number, domid: abi.DomId = self): number =>
      caller.callWith(Hypercall.memoryOp, MemoryOp.addToPhysmap, abi.AddToPhysmap, {
        domid,
        space,
        idx,
        gpfn: abi.Gfn(gpfn),
      }).result;

    it('refuses frames, spaces and domains that are not there', () => {
      expect(add(MapSpace.sharedInfo, 0, DOMAIN_FRAMES)).toBe(-Errno.EINVAL);
      expect(add(MapSpace.sharedInfo, 0, 0xffff_ffff)).toBe(-Errno.EINVAL);
      expect(add(MapSpace.sharedInfo, 1, FREE)).toBe(-Errno.EINVAL);
      expect(add(MapSpace.grantTable, 0, FREE)).toBe(-Errno.EINVAL);
      expect(add(MapSpace.grantTable, 64, BAR1_GFN)).toBe(-Errno.EINVAL);
      expect(add(MapSpace.grantTable, 0, BAR1_GFN + 64)).toBe(-Errno.EINVAL);
      expect(add(MapSpace.grantTable, abi.MAPIDX_GRANT_TABLE_STATUS, BAR1_GFN)).toBe(-Errno.EINVAL);
      expect(add(MapSpace.gmfnForeign, 0, FREE)).toBe(-Errno.EINVAL);
      expect(add(99, 0, FREE)).toBe(-Errno.EINVAL);
      expect(add(MapSpace.sharedInfo, 0, FREE, abi.DomId(0))).toBe(-Errno.EPERM);
      expect(add(MapSpace.sharedInfo, 0, FREE, abi.ReservedDomId.xen)).toBe(-Errno.ESRCH);
    });

    it('places the shared page, and again with all that it held', () => {
      const { machine } = caller;
      expect(add(MapSpace.sharedInfo, 0, FREE)).toBe(0);
      const mask = abi.SharedInfo.offset.evtchnMask;
      const wcSec = machine.word(Place.free + abi.SharedInfo.offset.wcSec);
      expect(wcSec).toBe(Date.UTC(2026, 0, 1) / 1000);
      machine.setWord(Place.free + mask, 0xabcd);
      expect(add(MapSpace.sharedInfo, 0, FREE + 3)).toBe(0);
      expect(machine.word(Place.free + 3 * PAGE + mask)).toBe(0xabcd);
      expect(machine.word(Place.free + 3 * PAGE + abi.SharedInfo.offset.wcSec)).toBe(wcSec);
      expect(machine.domain.shared.placedAt).toBe(FREE + 3);
    });

    it('places grant frames from the highest down, the first with its two reserved entries', () => {
      const { machine } = caller;
      const { layout, grants } = machine.domain;
      for (const index of [3, 2, 1, 0]) {
        expect(add(MapSpace.grantTable, index, BAR1_GFN + index)).toBe(0);
      }
      expect(grants.count).toBe(4);
      const entry = (ref: number) =>
        abi.GrantEntryV1.read(machine.domain.memory.view, layout.bar1 + ref * 8);
      expect(entry(0)).toEqual({ flags: 1, domid: 0, frame: layout.consoleGfn });
      expect(entry(1)).toEqual({ flags: 1, domid: 0, frame: layout.xenstoreGfn });
      expect(entry(2)).toEqual({ flags: 0, domid: 0, frame: 0 });
    });

    it('moves a grant frame with its entries', () => {
      const { machine } = caller;
      const { bar1 } = machine.domain.layout;
      add(MapSpace.grantTable, 0, BAR1_GFN);
      machine.setWord(bar1 + 8 * 8, 0x0007_0001);
      machine.setWord(bar1 + 8 * 8 + 4, FREE);
      expect(add(MapSpace.grantTable, 0, BAR1_GFN + 9)).toBe(0);
      expect(machine.domain.grants.lookup(8, 7)).toEqual({ gfn: FREE, readOnly: false });
    });
  });
});
