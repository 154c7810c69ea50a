import { beforeAll, describe, expect, it } from 'vitest';
import * as abi from '../abi/index.ts';
import { Errno, HvmOp, HvmParam, Hypercall } from '../abi/index.ts';
import { Caller } from '../testing/caller.ts';
import { Place } from '../testing/places.ts';

const { self } = abi.ReservedDomId;

describe('hvm_op', () => {
  let caller: Caller;
  beforeAll(async () => {
    caller = await Caller.start();
  });
  const get = (index: number, domid: abi.DomId = self) =>
    caller.callWith(Hypercall.hvmOp, HvmOp.getParam, abi.HvmParamArgument, { domid, index });
  const set = (index: number, value: bigint, domid: abi.DomId = self): number =>
    caller.callWith(Hypercall.hvmOp, HvmOp.setParam, abi.HvmParamArgument, { domid, index, value })
      .result;

  it('tells where the store and the console are', () => {
    const { layout } = caller.machine.domain;
    expect(get(HvmParam.storePfn)).toMatchObject({ result: 0, value: BigInt(layout.xenstoreGfn) });
    expect(get(HvmParam.consolePfn)).toMatchObject({ result: 0, value: BigInt(layout.consoleGfn) });
    expect(get(HvmParam.storeEvtchn)).toMatchObject({ result: 0, value: 1n });
    expect(get(HvmParam.consoleEvtchn)).toMatchObject({ result: 0, value: 2n });
  });

  const both = [
    'callbackIrq',
    'storeEvtchn',
    'consoleEvtchn',
    'vm86Tss',
    'acpiIoportsLocation',
    'vmGenerationIdAddr',
    'x87FipWidth',
    'vm86TssSized',
  ] as const;
  const readable = ['storePfn', 'consolePfn', 'altp2m'] as const;

  it.each(both)('lets a guest read and set %s', (name) => {
    const value = (1n << 63n) | 5n;
    expect(set(HvmParam[name], value)).toBe(0);
    expect(get(HvmParam[name])).toMatchObject({ result: 0, value });
  });

  it.each(readable)('lets a guest read %s and not set it', (name) => {
    expect(get(HvmParam[name]).result).toBe(0);
    expect(set(HvmParam[name], 1n)).toBe(-Errno.EPERM);
  });

  it('lets a guest neither read nor set the others', () => {
    const open = new Set<string>([...both, ...readable]);
    const closed = Object.entries(HvmParam).filter(([name]) => !open.has(name));
    expect(closed.length).toBeGreaterThan(10);
    for (const [name, index] of closed) {
      expect(get(index).result, name).toBe(-Errno.EPERM);
      expect(set(index, 1n), name).toBe(-Errno.EPERM);
    }
  });

  it('says that retired and unknown parameters are invalid', () => {
    for (const index of [4, 13, 20, 26, 30, 39, 64, 0xffff_ffff]) {
      expect(get(index).result).toBe(-Errno.EINVAL);
      expect(set(index, 0n)).toBe(-Errno.EINVAL);
    }
  });

  it('is for the guest itself only', () => {
    expect(get(HvmParam.storePfn, caller.machine.domain.domid).result).toBe(0);
    expect(get(HvmParam.storePfn, abi.DomId(0)).result).toBe(-Errno.EPERM);
    expect(set(HvmParam.callbackIrq, 0n, abi.DomId(9))).toBe(-Errno.EPERM);
    expect(get(HvmParam.storePfn, abi.ReservedDomId.invalid).result).toBe(-Errno.ESRCH);
  });

  it('knows RAM from what is none', () => {
    const type = (pfn: bigint) =>
      caller.callWith(Hypercall.hvmOp, HvmOp.getMemType, abi.HvmGetMemType, { domid: self, pfn });
    expect(type(5n)).toMatchObject({ result: 0, memType: abi.HvmMemType.ramRw });
    for (const pfn of [2048n, 1n << 32n, (1n << 64n) - 1n]) {
      expect(type(pfn)).toMatchObject({ result: 0, memType: abi.HvmMemType.mmioDm });
    }
  });

  it('takes an upcall vector from 0x10 on, of the one vCPU', () => {
    const vector = (vector: number, vcpu = 0): number =>
      caller.callWith(Hypercall.hvmOp, HvmOp.setEvtchnUpcallVector, abi.HvmEvtchnUpcallVector, {
        vcpu: abi.VcpuId(vcpu),
        vector,
      }).result;
    expect(vector(0x0f)).toBe(-Errno.EINVAL);
    expect(vector(0xf3, 1)).toBe(-Errno.ENOENT);
    expect(caller.machine.domain.vcpu.upcallVector).toBeNull();
    expect(vector(0xf3)).toBe(0);
    expect(caller.machine.domain.vcpu.upcallVector).toBe(0xf3);
  });

  it('has no other commands', () => {
    for (const command of [HvmOp.pagetableDying, HvmOp.flushTlbs, HvmOp.altp2m, 99, -1]) {
      expect(caller.call(Hypercall.hvmOp, command, Place.arguments)).toBe(-Errno.ENOSYS);
    }
  });
});
