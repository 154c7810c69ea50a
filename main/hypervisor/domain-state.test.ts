import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as abi from './abi/index.ts';
import { EventChannelOp, HvmOp, Hypercall, Runstate, VcpuOp, Virq } from './abi/index.ts';
import type { DomainState } from './domain-state.ts';
import { parseDomainState } from './domain-state.ts';
import { Caller } from './testing/caller.ts';
import { Machine } from './testing/machine.ts';
import { Place, Variable } from './testing/places.ts';
import { tinyGuest } from './testing/tiny-guest.ts';

const { self } = abi.ReservedDomId;
const SHARED = Place.free;
const VECTOR = 0xf3;

/** A long computation in registers and memory: x = x * 1664525 + 1013904223, many times. */
const STEPS = 300_000;
const computing = tinyGuest((asm) => {
  asm.mov('eax', 1).mov('ecx', STEPS).label('step');
  asm.multiply('eax', 1664525).opValue('add', 'eax', 1013904223).increment(Variable.results);
  asm
    .opValue('sub', 'ecx', 1)
    .jumpIf('notZero', 'step')
    .store(Variable.results + 4, 'eax');
});

function expectedResult(): number {
  let x = 1;
  for (let step = 0; step < STEPS; step++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
  return x >>> 0;
}

describe('a restored domain', () => {
  it('goes on computing where it was, in registers and memory', async () => {
    let machine = await Machine.start(computing);
    for (let moves = 0; moves < 3; moves++) {
      machine.runSlices(5);
      const done = machine.word(Variable.results);
      expect(done).toBeGreaterThan(0);
      machine = await machine.restored();
      expect(machine.word(Variable.results)).toBe(done);
      machine.domain.engine.clock.thaw();
    }
    machine.runUntil(() => machine.finished);
    expect(machine.word(Variable.results)).toBe(STEPS);
    expect(machine.word(Variable.results + 4)).toBe(expectedResult());
  });

  /** A guest with a bit of everything. */
  async function lived(): Promise<{ caller: Caller; ipi: number; timer: number }> {
    const caller = await Caller.start();
    const { machine } = caller;
    caller.callWith(Hypercall.memoryOp, abi.MemoryOp.addToPhysmap, abi.AddToPhysmap, {
      domid: self,
      space: abi.MapSpace.sharedInfo,
      gpfn: abi.Gfn(SHARED / 4096),
    });
    caller.callWith(Hypercall.hvmOp, HvmOp.setEvtchnUpcallVector, abi.HvmEvtchnUpcallVector, {
      vector: VECTOR,
    });
    machine.setWord(Variable.acknowledge, 1);
    machine.setWord(Variable.clears, SHARED);
    const bind = (command: number) =>
      caller.callWith(Hypercall.eventChannelOp, command, abi.EvtchnBindVirq, { virq: Virq.timer });
    const timer = bind(EventChannelOp.bindVirq).port;
    const ipi = caller.callWith(
      Hypercall.eventChannelOp,
      EventChannelOp.bindIpi,
      abi.EvtchnBindIpi,
      {},
    ).port;
    return { caller, ipi, timer };
  }
  const afterMove = async (caller: Caller): Promise<Caller> => {
    const machine = await caller.machine.restored();
    machine.domain.engine.clock.thaw();
    return Caller.of(machine);
  };

  it('takes a pending event that was not delivered yet', async () => {
    const { caller, ipi } = await lived();
    caller.machine.domain.events.send(ipi);
    const { machine } = await afterMove(caller);
    expect(machine.word(Variable.interrupts)).toBe(0);
    Caller.of(machine).interrupts(true);
    machine.runSlices(2);
    expect(machine.word(Variable.interrupts)).toBe(1);
    expect(machine.domain.shared.isPending(ipi)).toBe(true);
  });

  it('takes masks, ports and the upcall’s way', async () => {
    const { caller, ipi } = await lived();
    caller.machine.setWord(SHARED + abi.SharedInfo.offset.evtchnMask, 1 << ipi);
    caller.interrupts(true);
    const moved = await afterMove(caller);
    const { events, vcpu } = moved.machine.domain;
    expect([...events.bound()]).toEqual([...caller.machine.domain.events.bound()]);
    expect(vcpu.upcallVector).toBe(VECTOR);
    events.send(ipi);
    moved.machine.runSlices(3);
    expect(moved.machine.word(Variable.interrupts)).toBe(0);
    moved.callWith(Hypercall.eventChannelOp, EventChannelOp.unmask, abi.EvtchnUnmask, {
      port: abi.EventPort(ipi),
    });
    moved.machine.runSlices(2);
    expect(moved.machine.word(Variable.interrupts)).toBe(1);
  });

  it('takes its running timer, and the time of its birth', async () => {
    const { caller, timer } = await lived();
    const deadlineMs = caller.machine.domain.nowMs + 200;
    abi.VcpuSetSingleshotTimer.write(caller.machine.domain.memory.view, Place.arguments, {
      timeoutAbsNs: BigInt(Math.round(deadlineMs * 1e6)),
      flags: 0,
    });
    expect(caller.call(Hypercall.vcpuOp, VcpuOp.setSingleshotTimer, 0, Place.arguments)).toBe(0);
    caller.machine.domain.engine.clock.freeze();
    const stoodMs = caller.machine.domain.nowMs;
    const machine = await caller.machine.restored();
    machine.wait(10_000);
    expect(machine.domain.nowMs).toBe(stoodMs);
    machine.domain.engine.clock.thaw();
    const moved = Caller.of(machine);
    moved.interrupts(true);
    moved.sleep();
    expect(machine.domain.shared.isPending(timer)).toBe(true);
    expect(machine.domain.nowMs).toBeGreaterThanOrEqual(deadlineMs);
    expect(machine.domain.nowMs).toBeLessThan(deadlineMs + 200);
  });

  it('takes an interrupt by callback vector that was being served', async () => {
    const caller = await Caller.start({ tickMs: 1 / 8 });
    const value = (BigInt(abi.CallbackType.vector) << abi.CALLBACK_IRQ_TYPE_SHIFT) | BigInt(VECTOR);
    const param = { domid: self, index: abi.HvmParam.callbackIrq, value };
    caller.callWith(Hypercall.hvmOp, HvmOp.setParam, abi.HvmParamArgument, param);
    caller.interrupts(true);
    const { events } = caller.machine.domain;
    events.send(events.bindIpi());
    const moved = await afterMove(caller);
    moved.machine.runSlices(2);
    expect(moved.machine.word(Variable.interrupts)).toBeGreaterThanOrEqual(1);
    expect(moved.machine.word(Variable.lastInterrupt)).toBe(VECTOR);
  });

  it('takes its parameters, run-state times, registered areas and grants', async () => {
    const { caller } = await lived();
    const { domain } = caller.machine;
    const area = Place.free + 0x8000 - 20;
    abi.VcpuRegisterRunstateMemoryArea.write(domain.memory.view, Place.arguments, {
      addr: { h: abi.GuestVirtualAddress(area) },
    });
    caller.call(Hypercall.vcpuOp, VcpuOp.registerRunstateMemoryArea, 0, Place.arguments);
    domain.grants.place(0, domain.layout.bar1 / 4096);
    domain.enter(Runstate.blocked);
    caller.machine.wait(30);
    domain.enter(Runstate.running);
    const moved = await afterMove(caller);
    const other = moved.machine.domain;
    const { shared, events, grants, params, platform, power } = other.save().hypervisor;
    expect(domain.save().hypervisor).toMatchObject({
      shared,
      events,
      grants,
      params,
      platform,
      power,
    });
    other.enter(Runstate.blocked);
    moved.machine.wait(5);
    other.enter(Runstate.running);
    const { time } = abi.VcpuRunstateInfo.read(other.memory.view, area);
    expect(Number(time[Runstate.blocked]) / 1e6).toBeGreaterThanOrEqual(35);
  });

  it('holds the frames that it held', async () => {
    const { caller } = await lived();
    for (let gfn = 0x300; gfn < 0x340; gfn++) caller.machine.domain.physmap.release(gfn);
    const { machine } = await afterMove(caller);
    expect(machine.counters.frames).toBe(caller.machine.counters.frames);
    expect(machine.framesAddUp).toBe(true);
    expect(machine.domain.physmap.isPopulated(0x320)).toBe(false);
  });

  it('is found by its back ends, which connect again', async () => {
    const { caller } = await lived();
    caller.machine.domain.events.connect(1, () => {});
    const { machine } = await afterMove(caller);
    let heard = 0;
    const backend = machine.domain.events.connect(1, () => heard++);
    expect(backend).not.toBeNull();
    machine.domain.events.send(1);
    expect(heard).toBe(1);
  });
});

describe('the clock of a domain', () => {
  it('stands still while it is frozen, and goes on without a jump', async () => {
    const { machine } = await Caller.start();
    const { clock } = machine.domain.engine;
    clock.freeze();
    const stood = machine.domain.nowMs;
    machine.wait(5000);
    expect(machine.domain.nowMs).toBe(stood);
    clock.thaw();
    expect(machine.domain.nowMs - stood).toBeLessThan(10);
  });
});

describe('a saved state that was damaged', () => {
  const saved = async (): Promise<DomainState> =>
    (await Caller.start()).machine.domain.save().hypervisor;

  it('is refused by name of what is wrong', async () => {
    const state = await saved();
    expect(parseDomainState(JSON.parse(JSON.stringify(state)))).toEqual(state);
    for (const field of Object.keys(state)) {
      const { [field as keyof DomainState]: _, ...rest } = state;
      expect(() => parseDomainState(rest), field).toThrow(new RegExp(field));
    }
    expect(() => parseDomainState({ ...state, version: 2 })).toThrow(/version/);
    expect(() =>
      parseDomainState({ ...state, events: [{ port: 0, channel: { type: 'ipi' } }] }),
    ).toThrow(/port/);
    expect(() => parseDomainState({ ...state, grants: new Array(65).fill(null) })).toThrow(
      /grants/,
    );
  });

  it('of any kind is refused as such, never by chance', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(() => parseDomainState(value)).toThrow(
          expect.objectContaining({ code: 'stream.bad-domain-state' }),
        );
      }),
    );
  });

  it('names no places outside of the memory, and no areas of a wrong size', async () => {
    const { domain } = (await Caller.start()).machine;
    const { engine, hypervisor } = domain.save();
    const end = domain.memory.size;
    const bad: Partial<DomainState>[] = [
      { shared: { ...hypervisor.shared, gfn: end / 4096, unplaced: null } },
      { shared: { ...hypervisor.shared, vcpuInfo: end - 63 } },
      { shared: { ...hypervisor.shared, timeArea: [{ physical: end - 31, length: 32 }] } },
      { shared: { ...hypervisor.shared, timeArea: [{ physical: 0, length: 4096 }] } },
      { vcpu: { ...hypervisor.vcpu, runstateArea: [{ physical: end - 1, length: 1 }] } },
      { vcpu: { ...hypervisor.vcpu, runstateArea: [{ physical: end - 43, length: 44 }] } },
      { grants: [4096] },
    ];
    for (const part of bad) {
      const state = { engine, hypervisor: { ...hypervisor, ...part } };
      expect(() => domain.restore(state), JSON.stringify(part).slice(0, 80)).toThrow(RangeError);
    }
  });
});
