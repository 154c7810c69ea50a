import { beforeAll, describe, expect, it } from 'vitest';
import * as abi from '../abi/index.ts';
import { Errno, GrantCopyFlag, GrantStatus, GrantTableOp, Hypercall } from '../abi/index.ts';
import type { FieldTable, PartialFieldsOf, Struct } from '../abi/struct.ts';
import { Caller } from '../testing/caller.ts';
import { Place } from '../testing/places.ts';

const { self } = abi.ReservedDomId;
const PAGE = 4096;
const FREE = Place.free / PAGE;

describe('grant_table_op', () => {
  let caller: Caller;
  beforeAll(async () => {
    caller = await Caller.start();
  });
  /** One element; EAX and the element afterwards. */
  const one = <F extends FieldTable>(
    command: number,
    layout: Struct<F>,
    fields: PartialFieldsOf<F>,
  ) => {
    const { view } = caller.machine.domain.memory;
    caller.machine.domain.memory.bytes.fill(0, Place.arguments, Place.arguments + layout.size);
    layout.write(view, Place.arguments, fields);
    const result = caller.call(Hypercall.grantTableOp, command, Place.arguments, 1);
    return { result, ...layout.read(view, Place.arguments) };
  };

  it('tells the size: at least the first frame, at most 64', () => {
    const size = () => one(GrantTableOp.querySize, abi.GnttabQuerySize, { dom: self });
    expect(size()).toMatchObject({ result: 0, nrFrames: 1, maxNrFrames: 64, status: 0 });
    caller.machine.domain.grants.place(4, caller.machine.domain.layout.bar1 / PAGE + 4);
    expect(size()).toMatchObject({ nrFrames: 5, status: 0 });
    const other = one(GrantTableOp.querySize, abi.GnttabQuerySize, { dom: abi.DomId(3) });
    expect(other).toMatchObject({ result: 0, status: GrantStatus.permissionDenied });
  });

  it('is version 1 and stays it', () => {
    const set = (version: number) =>
      one(GrantTableOp.setVersion, abi.GnttabSetVersion, { version }).result;
    expect(set(1)).toBe(0);
    expect(set(2)).toBe(-Errno.ENOSYS);
    expect(set(3)).toBe(-Errno.EINVAL);
    const get = (dom: abi.DomId) => one(GrantTableOp.getVersion, abi.GnttabGetVersion, { dom });
    expect(get(self)).toMatchObject({ result: 0, version: 1 });
    expect(get(abi.DomId(0)).result).toBe(-Errno.EPERM);
  });

  it('maps nothing of other domains', () => {
    const map = one(GrantTableOp.mapGrantRef, abi.GnttabMapGrantRef, { ref: abi.GrantRef(8) });
    expect(map).toMatchObject({ result: 0, status: GrantStatus.badDomain });
    const unmap = one(GrantTableOp.unmapGrantRef, abi.GnttabUnmapGrantRef, { handle: 1 });
    expect(unmap).toMatchObject({ result: 0, status: GrantStatus.badHandle });
  });

  it('swaps two of the caller’s grants, but none that is mapped', () => {
    const { grants, memory, layout } = caller.machine.domain;
    grants.place(0, layout.bar1 / PAGE);
    const write = (ref: number, frame: number) =>
      abi.GrantEntryV1.write(memory.view, layout.bar1 + ref * abi.GrantEntryV1.size, {
        flags: abi.GrantFlag.permitAccess,
        domid: abi.DomId(0),
        frame: abi.Gfn(frame),
      });
    const granted = (ref: number) => (grants.lookup(ref, 0) as { gfn: number }).gfn;
    const swap = (refA: number, refB: number) =>
      one(GrantTableOp.swapGrantRef, abi.GnttabSwapGrantRef, {
        refA: abi.GrantRef(refA),
        refB: abi.GrantRef(refB),
      }).status;
    write(8, FREE);
    write(9, FREE + 1);
    expect(swap(8, 9)).toBe(GrantStatus.okay);
    expect([granted(8), granted(9)]).toEqual([FREE + 1, FREE]);
    expect(swap(8, 8)).toBe(GrantStatus.okay);
    expect(swap(8, 0xffff_ffff)).toBe(GrantStatus.badGntref);
    expect(swap(511 + 512 * 64, 8)).toBe(GrantStatus.badGntref);
    const mapping = grants.map(9, 0, true) as { ref: number; gfn: number; writable: boolean };
    expect(swap(8, 9)).toBe(GrantStatus.eagain);
    expect([granted(8), granted(9)]).toEqual([FREE + 1, FREE]);
    grants.unmap(mapping);
    expect(swap(9, 8)).toBe(GrantStatus.okay);
    expect([granted(8), granted(9)]).toEqual([FREE, FREE + 1]);
  });

  it('says of the rest that nothing comes of it', () => {
    const transfer = (mfn: number) =>
      one(GrantTableOp.transfer, abi.GnttabTransfer, { mfn: abi.Gfn(mfn) });
    expect(transfer(FREE)).toMatchObject({ result: 0, status: GrantStatus.badDomain });
    expect(transfer(0xffff_ffff)).toMatchObject({ result: 0, status: GrantStatus.badPage });
    const replace = one(GrantTableOp.unmapAndReplace, abi.GnttabUnmapAndReplace, { handle: 1 });
    expect(replace).toMatchObject({ result: 0, status: GrantStatus.badHandle });
    const frames = (dom: abi.DomId) =>
      one(GrantTableOp.getStatusFrames, abi.GnttabGetStatusFrames, { nrFrames: 1, dom }).status;
    expect(frames(self)).toBe(GrantStatus.generalError);
    expect(frames(abi.DomId(3))).toBe(GrantStatus.permissionDenied);
    const flush = one(GrantTableOp.cacheFlush, abi.GnttabCacheFlush, { length: 8 });
    expect(flush.result).toBe(-Errno.EOPNOTSUPP);
  });

  it('sets up no more frames than there can be', () => {
    const setup = (nrFrames: number) =>
      one(GrantTableOp.setupTable, abi.GnttabSetupTable, { dom: self, nrFrames }).status;
    expect(setup(64)).toBe(GrantStatus.okay);
    expect(setup(65)).toBe(GrantStatus.generalError);
  });

  describe('copy', () => {
    const end = (gmfn: number, offset: number, domid: abi.DomId = self) => ({
      u: { gmfn: abi.Gfn(gmfn) },
      domid,
      offset,
    });
    const copy = (fields: PartialFieldsOf<(typeof abi.GnttabCopy)['fields']>) =>
      one(GrantTableOp.copy, abi.GnttabCopy, fields).status;

    it('copies within the domain', () => {
      const { memory } = caller.machine.domain;
      memory.bytes.set([1, 2, 3, 4], Place.free + PAGE - 4);
      const fields = { source: end(FREE, PAGE - 4), dest: end(FREE + 1, 8), len: 4 };
      expect(copy(fields)).toBe(GrantStatus.okay);
      expect([...memory.bytes.subarray(Place.free + PAGE + 8, Place.free + PAGE + 12)]).toEqual([
        1, 2, 3, 4,
      ]);
      expect(copy({ ...fields, len: 0 })).toBe(GrantStatus.okay);
    });

    it('refuses to cross a page, absent frames, other domains and references', () => {
      const ok = { source: end(FREE, 0), dest: end(FREE + 1, 0), len: 8 };
      expect(copy({ ...ok, source: end(FREE, PAGE - 7) })).toBe(GrantStatus.badCopyArg);
      expect(copy({ ...ok, dest: end(FREE, 0xffff) })).toBe(GrantStatus.badCopyArg);
      expect(copy({ ...ok, len: 0xffff })).toBe(GrantStatus.badCopyArg);
      expect(copy({ ...ok, source: end(0xffff_ffff, 0) })).toBe(GrantStatus.badPage);
      expect(copy({ ...ok, dest: end(2048, 0) })).toBe(GrantStatus.badPage);
      expect(copy({ ...ok, source: end(FREE, 0, abi.DomId(0)) })).toBe(
        GrantStatus.permissionDenied,
      );
      expect(copy({ ...ok, flags: GrantCopyFlag.sourceGref })).toBe(GrantStatus.badGntref);
      expect(copy({ ...ok, flags: GrantCopyFlag.destGref })).toBe(GrantStatus.badGntref);
    });
  });

  it('serves elements up to the first whose memory is missing', () => {
    const { view } = caller.machine.domain.memory;
    const top = 0x0100_0000 + 64 * PAGE; // the emulated memory ends behind the grant frames
    const at = top - abi.GnttabQuerySize.size;
    abi.GnttabQuerySize.write(view, at, { dom: self, status: 99 });
    expect(caller.call(Hypercall.grantTableOp, GrantTableOp.querySize, at, 2)).toBe(-Errno.EFAULT);
    expect(abi.GnttabQuerySize.read(view, at).status).toBe(0);
  });

  it('refuses absurd numbers of elements, and unknown commands', () => {
    const call = (command: number, count: number): number =>
      caller.call(Hypercall.grantTableOp, command, Place.arguments, count);
    expect(call(GrantTableOp.querySize, 0)).toBe(0);
    expect(call(GrantTableOp.querySize, 0xffff_ffff)).toBe(-Errno.EINVAL);
    expect(call(GrantTableOp.querySize, 0x7fff_ffff)).toBe(-Errno.EINVAL);
    for (const command of [GrantTableOp.dumpTable, 13, -1]) {
      expect(call(command, 1)).toBe(-Errno.ENOSYS);
    }
  });
});
