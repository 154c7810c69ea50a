import { beforeEach, describe, expect, it } from 'vitest';
import * as abi from '../abi/index.ts';
import { Errno, EventChannelOp, Hypercall, Runstate, VcpuOp, Virq } from '../abi/index.ts';
import { Caller } from '../testing/caller.ts';
import { Place, Variable } from '../testing/places.ts';

const { self } = abi.ReservedDomId;
const SHARED = Place.free;
const VCPU_INFO = Place.free + 0x5000;
const AREA = Place.free + 0x8000;
const VECTOR = 0xf3;

/** vcpu_op has its argument in EDX. */
function vcpuOp(caller: Caller, command: number, vcpu = 0): number {
  return caller.call(Hypercall.vcpuOp, command, vcpu, Place.arguments);
}

describe('vcpu_op', () => {
  let caller: Caller;
  beforeEach(async () => {
    caller = await Caller.start();
  });
  const put = <F extends abi.FieldTable>(
    layout: abi.Struct<F>,
    fields: abi.PartialFieldsOf<F>,
  ): void => {
    const { memory } = caller.machine.domain;
    memory.bytes.fill(0, Place.arguments, Place.arguments + layout.size);
    layout.write(memory.view, Place.arguments, fields);
  };
  const placeShared = (): void => {
    const fields = { domid: self, space: 0, gpfn: abi.Gfn(SHARED / 4096) };
    caller.callWith(Hypercall.memoryOp, abi.MemoryOp.addToPhysmap, abi.AddToPhysmap, fields);
  };
  const listen = (): void => {
    caller.callWith(Hypercall.hvmOp, abi.HvmOp.setEvtchnUpcallVector, abi.HvmEvtchnUpcallVector, {
      vector: VECTOR,
    });
    caller.machine.setWord(Variable.acknowledge, 1);
    caller.interrupts(true);
  };

  it('knows one vCPU, which is up', () => {
    expect(vcpuOp(caller, VcpuOp.isUp)).toBe(1);
    expect(vcpuOp(caller, VcpuOp.up)).toBe(0);
    expect(vcpuOp(caller, VcpuOp.initialise)).toBe(-Errno.EEXIST);
    expect(vcpuOp(caller, VcpuOp.isUp, 1)).toBe(-Errno.ENOENT);
    expect(vcpuOp(caller, VcpuOp.stopPeriodicTimer, -1)).toBe(-Errno.ENOENT);
    expect(vcpuOp(caller, VcpuOp.getPhysid)).toBe(-Errno.EINVAL);
    for (const command of [VcpuOp.setPeriodicTimer, VcpuOp.sendNmi, 14, 99, -1]) {
      expect(vcpuOp(caller, command)).toBe(-Errno.ENOSYS);
    }
  });

  describe('register_vcpu_info', () => {
    const register = (mfn: bigint, offset: number): number => {
      put(abi.VcpuRegisterVcpuInfo, { mfn, offset });
      return vcpuOp(caller, VcpuOp.registerVcpuInfo);
    };
    const gfn = BigInt(VCPU_INFO / 4096);

    it('moves it with its content and a spurious upcall', () => {
      const { machine } = caller;
      const { domain } = machine;
      placeShared();
      domain.memory.bytes[SHARED + 8] = 0x5a;
      listen();
      expect(register(gfn, 64)).toBe(0);
      const info = abi.VcpuInfo.read(domain.memory.view, VCPU_INFO + 64);
      expect(info).toMatchObject({ evtchnUpcallPending: 1, evtchnPendingSel: 0xffff_ffff });
      expect(info.time.tscToSystemMul).toBe(0x8000_0000);
      expect(info.time.version % 2).toBe(0);
      expect(domain.memory.bytes[VCPU_INFO + 64 + 8]).toBe(0x5a);
      machine.runSlices(2);
      expect(machine.word(Variable.interrupts)).toBe(1);
    });

    it('has events told at the new place', () => {
      const { machine } = caller;
      placeShared();
      register(gfn, 0);
      machine.setWord(VCPU_INFO, 0);
      machine.setWord(VCPU_INFO + 4, 0);
      machine.setWord(SHARED, 0);
      machine.domain.events.send(machine.domain.events.bindIpi());
      expect(machine.word(VCPU_INFO) & 0xff).toBe(1);
      expect(machine.word(SHARED) & 0xff).toBe(0);
    });

    it('happens once', () => {
      expect(register(gfn, 0)).toBe(0);
      expect(register(gfn, 64)).toBe(-Errno.EBUSY);
    });

    it('refuses places that cross a page, are not aligned, or are no memory', () => {
      for (const offset of [4096 - 63, 4096, 0xffff_ffc0, 2, 1]) {
        expect(register(gfn, offset)).toBe(-Errno.ENXIO);
      }
      for (const mfn of [2048n, 0x1_0000n, 1n << 40n, (1n << 64n) - 1n]) {
        expect(register(mfn, 0)).toBe(-Errno.EINVAL);
      }
      expect(caller.machine.domain.shared.vcpuInfoRegistered).toBe(false);
      expect(register(gfn, 4096 - 64)).toBe(0);
    });
  });

  describe('the one-shot timer', () => {
    let port: number;
    beforeEach(() => {
      placeShared();
      listen();
      port = caller.callWith(
        Hypercall.eventChannelOp,
        EventChannelOp.bindVirq,
        abi.EvtchnBindVirq,
        {
          virq: Virq.timer,
        },
      ).port;
    });
    const nowNs = (): bigint => BigInt(Math.round(caller.machine.domain.nowMs * 1e6));
    const set = (timeoutAbsNs: bigint, flags = 0): number => {
      put(abi.VcpuSetSingleshotTimer, { timeoutAbsNs, flags });
      return vcpuOp(caller, VcpuOp.setSingleshotTimer);
    };
    const pending = (): boolean => caller.machine.domain.shared.isPending(port);

    it('makes VIRQ_TIMER pending at its time and not before, and once', () => {
      const { machine } = caller;
      const deadlineMs = machine.domain.nowMs + 100;
      expect(set(nowNs() + 100_000_000n)).toBe(0);
      machine.runUntil(() => pending());
      expect(machine.domain.nowMs).toBeGreaterThanOrEqual(deadlineMs);
      machine.domain.shared.clearPending(port);
      machine.runSlices(20);
      expect(pending()).toBe(false);
    });

    it('wakes a halted guest', () => {
      expect(set(nowNs() + 50_000_000n)).toBe(0);
      caller.sleep();
      expect(caller.machine.word(Variable.lastInterrupt)).toBe(VECTOR);
      expect(pending()).toBe(true);
    });

    it('is due at once when its time is past, also before the beginning', () => {
      expect(set(1n)).toBe(0);
      caller.machine.runSlices(1);
      expect(pending()).toBe(true);
      caller.machine.domain.shared.clearPending(port);
      expect(set((1n << 64n) - 5n)).toBe(0);
      caller.machine.runSlices(1);
      expect(pending()).toBe(true);
    });

    it('refuses the past when only the future was asked for', () => {
      expect(set(1n, abi.SingleshotFlag.future)).toBe(-Errno.ETIME);
      caller.machine.runSlices(2);
      expect(pending()).toBe(false);
    });

    it('can be stopped, replaced, and set very far away', () => {
      const { machine } = caller;
      expect(set(nowNs() + 5_000_000n)).toBe(0);
      expect(vcpuOp(caller, VcpuOp.stopSingleshotTimer)).toBe(0);
      set(nowNs() + 5_000_000n);
      set((1n << 63n) - 1n);
      machine.runSlices(50);
      expect(pending()).toBe(false);
    });

    it('is what set_timer_op sets, and stops with 0', () => {
      const { machine } = caller;
      const setTimer = (ns: bigint): number =>
        caller.call(Hypercall.setTimerOp, Number(ns & 0xffff_ffffn), Number(ns >> 32n));
      expect(setTimer(nowNs() + 3_000_000n)).toBe(0);
      expect(setTimer(0n)).toBe(0);
      machine.runSlices(20);
      expect(pending()).toBe(false);
      expect(setTimer(nowNs() + 5_000_000_000n)).toBe(0);
      caller.sleep();
      expect(pending()).toBe(true);
    });
  });

  describe('the run-state area', () => {
    const register = (address: number): number => {
      put(abi.VcpuRegisterRunstateMemoryArea, { addr: { h: abi.GuestVirtualAddress(address) } });
      return vcpuOp(caller, VcpuOp.registerRunstateMemoryArea);
    };
    const area = (at = AREA) => abi.VcpuRunstateInfo.read(caller.machine.domain.memory.view, at);

    it('is filled when registered and at each return to running', () => {
      const { domain } = caller.machine;
      expect(register(AREA)).toBe(0);
      expect(area().state).toBe(Runstate.running);
      domain.enter(Runstate.blocked);
      caller.machine.wait(40);
      domain.enter(Runstate.running);
      const { state, time, stateEntryTime } = area();
      expect(state).toBe(Runstate.running);
      expect(Number(time[Runstate.blocked]) / 1e6).toBeGreaterThanOrEqual(40);
      const sum = time.reduce((total, ns) => total + ns, 0n);
      expect(Number(sum - stateEntryTime) / 1e6).toBeCloseTo(0, 3);
    });

    it('leaves the update flag clear when it is done', () => {
      caller.call(Hypercall.vmAssist, 0, abi.VmAssistType.runstateUpdateFlag);
      register(AREA);
      expect(area().stateEntryTime & abi.RUNSTATE_UPDATE).toBe(0n);
    });

    it('may cross a page', () => {
      const { domain } = caller.machine;
      expect(register(AREA + 4096 - 20)).toBe(0);
      domain.enter(Runstate.blocked);
      caller.machine.wait(7);
      domain.enter(Runstate.running);
      expect(area(AREA + 4096 - 20).time[Runstate.blocked]).toBeGreaterThan(7_000_000n);
    });

    it('must be memory', () => {
      expect(register(0xf000_0000)).toBe(-Errno.EFAULT);
      expect(register(0xffff_fff0)).toBe(-Errno.EFAULT);
    });

    it('can be had as a copy', () => {
      expect(vcpuOp(caller, VcpuOp.getRunstateInfo)).toBe(0);
      expect(area(Place.arguments).state).toBe(Runstate.running);
    });
  });

  it('keeps a second copy of the time where the guest wants it, until it does not', () => {
    const { memory } = caller.machine.domain;
    const register = (address: number): number => {
      put(abi.VcpuRegisterTimeMemoryArea, { addr: { h: abi.GuestVirtualAddress(address) } });
      return vcpuOp(caller, VcpuOp.registerVcpuTimeMemoryArea);
    };
    expect(register(AREA)).toBe(0);
    const time = abi.VcpuTimeInfo.read(memory.view, AREA);
    expect(time).toMatchObject({ tscToSystemMul: 0x8000_0000, tscShift: 1, flags: 1 });
    expect(register(0)).toBe(0);
    expect(register(0xf000_0000)).toBe(-Errno.EFAULT);
  });
});
