import { beforeEach, describe, expect, it } from 'vitest';
import * as abi from './abi/index.ts';
import { EventChannelOp, HvmOp, HvmParam, Hypercall, MapSpace, MemoryOp } from './abi/index.ts';
import { Caller } from './testing/caller.ts';
import type { MachineOptions } from './testing/machine.ts';
import { Place, Variable } from './testing/places.ts';

const { self } = abi.ReservedDomId;
const VECTOR = 0xf3;
const SHARED = Place.free;
const UPCALL_PENDING = SHARED;
const SELECTOR = SHARED + 4;
const PENDING = SHARED + abi.SharedInfo.offset.evtchnPending;
const MASK = SHARED + abi.SharedInfo.offset.evtchnMask;

/** A guest with its shared page in place, the upcall's way chosen, and a port of its own. */
async function listening(
  way: 'per-vCPU vector' | 'callback vector',
  options: MachineOptions = {},
): Promise<Caller> {
  const caller = await Caller.start(options);
  const { machine } = caller;
  caller.callWith(Hypercall.memoryOp, MemoryOp.addToPhysmap, abi.AddToPhysmap, {
    domid: self,
    space: MapSpace.sharedInfo,
    gpfn: abi.Gfn(SHARED / 4096),
  });
  if (way === 'per-vCPU vector') {
    caller.callWith(Hypercall.hvmOp, HvmOp.setEvtchnUpcallVector, abi.HvmEvtchnUpcallVector, {
      vector: VECTOR,
    });
    machine.setWord(Variable.acknowledge, 1);
  } else {
    const value = (BigInt(abi.CallbackType.vector) << abi.CALLBACK_IRQ_TYPE_SHIFT) | BigInt(VECTOR);
    caller.callWith(Hypercall.hvmOp, HvmOp.setParam, abi.HvmParamArgument, {
      domid: self,
      index: HvmParam.callbackIrq,
      value,
    });
  }
  machine.setWord(Variable.clears, UPCALL_PENDING);
  caller.interrupts(true);
  return caller;
}

describe.each(['per-vCPU vector', 'callback vector'] as const)('an event, by %s', (way) => {
  let caller: Caller;
  let port: number;
  beforeEach(async () => {
    caller = await listening(way);
    port = caller.callWith(
      Hypercall.eventChannelOp,
      EventChannelOp.bindIpi,
      abi.EvtchnBindIpi,
      {},
    ).port;
  });
  const send = (): number =>
    caller.callWith(Hypercall.eventChannelOp, EventChannelOp.send, abi.EvtchnSend, {
      port: abi.EventPort(port),
    }).result;
  const unmask = (): number =>
    caller.callWith(Hypercall.eventChannelOp, EventChannelOp.unmask, abi.EvtchnUnmask, {
      port: abi.EventPort(port),
    }).result;
  const interrupts = (): number => {
    caller.machine.runSlices(2);
    return caller.machine.word(Variable.interrupts);
  };
  /** What a kernel does after an upcall. */
  const drain = (): void => {
    caller.machine.setWord(SELECTOR, 0);
    caller.machine.setWord(PENDING, 0);
  };

  it('interrupts the guest at its vector, with port and selector set', () => {
    expect(send()).toBe(0);
    expect(interrupts()).toBe(1);
    expect(caller.machine.word(Variable.lastInterrupt)).toBe(VECTOR);
    expect(caller.machine.word(PENDING)).toBe(1 << port);
    expect(caller.machine.word(SELECTOR)).toBe(1);
  });

  it('interrupts again and again', () => {
    for (let round = 1; round <= 5; round++) {
      send();
      expect(interrupts()).toBe(round);
      drain();
    }
  });

  it('that is pending already interrupts no second time', () => {
    send();
    expect(interrupts()).toBe(1);
    send();
    expect(interrupts()).toBe(1);
  });

  it('behind an upcall that is pending adds its port only', () => {
    caller.interrupts(false);
    send();
    const { events } = caller.machine.domain;
    const other = events.bindIpi();
    events.send(other);
    caller.interrupts(true);
    expect(interrupts()).toBe(1);
    expect(caller.machine.word(PENDING)).toBe((1 << port) | (1 << other));
  });

  it('on a masked port waits for the unmasking, which the guest asks for with the mask still set', () => {
    caller.machine.setWord(MASK, 1 << port);
    send();
    expect(interrupts()).toBe(0);
    expect(unmask()).toBe(0);
    expect(interrupts()).toBe(1);
    expect(caller.machine.word(MASK)).toBe(0);
  });

  it('that came before the way was chosen is told when it is', async () => {
    const late = await Caller.start();
    late.interrupts(true);
    const { events, shared } = late.machine.domain;
    events.send(events.bindIpi());
    expect(shared.upcallPending).toBe(true);
    late.machine.setWord(Variable.acknowledge, 1);
    late.callWith(Hypercall.hvmOp, HvmOp.setEvtchnUpcallVector, abi.HvmEvtchnUpcallVector, {
      vector: VECTOR,
    });
    late.machine.runSlices(2);
    expect(late.machine.word(Variable.interrupts)).toBe(1);
  });

  it('wakes a guest that halted', () => {
    const { machine } = caller;
    const { events } = machine.domain;
    const backend = events.connect(1, () => {})!;
    let slept = 0;
    caller.sleep(() => {
      if (++slept === 3) backend.notify();
    });
    expect(slept).toBeGreaterThanOrEqual(3);
    expect(machine.word(Variable.interrupts)).toBe(1);
  });

  it('is delivered in any of the 1023 ports', () => {
    const { events } = caller.machine.domain;
    while (events.bindIpi() > 0);
    events.send(1023);
    expect(interrupts()).toBe(1);
    expect(caller.machine.word(PENDING + 31 * 4)).toBe(0x8000_0000);
    expect(caller.machine.word(SELECTOR)).toBe(0x8000_0000);
  });
});

describe('an event by callback vector', () => {
  // The engine clears the in-service bit for the guest, which acknowledges nothing in this mode.
  it('is delivered when the one before it was served in the same slice', async () => {
    const caller = await listening('callback vector', { tickMs: 1 / 8 });
    const { machine } = caller;
    const { events } = machine.domain;
    const port = events.bindIpi();
    for (let round = 1; round <= 3; round++) {
      events.send(port);
      machine.slice();
      machine.setWord(SELECTOR, 0);
      machine.setWord(PENDING, 0);
    }
    machine.slice();
    expect(machine.word(Variable.interrupts)).toBe(3);
  });
});

describe('the marker that Linux sets', () => {
  it('is no request for interrupt line 1', async () => {
    const caller = await listening('per-vCPU vector');
    const { machine } = caller;
    caller.callWith(Hypercall.hvmOp, HvmOp.setParam, abi.HvmParamArgument, {
      domid: self,
      index: HvmParam.callbackIrq,
      value: 1n,
    });
    const { events } = machine.domain;
    events.send(events.bindIpi());
    machine.runSlices(2);
    expect(machine.word(Variable.interrupts)).toBe(1);
    expect(machine.word(Variable.lastInterrupt)).toBe(VECTOR);
  });
});
