import { beforeEach, describe, expect, it } from 'vitest';
import * as abi from '../abi/index.ts';
import {
  ConsoleIo,
  Errno,
  Hypercall,
  MulticallEntry,
  VersionOp,
  VmAssistType,
} from '../abi/index.ts';
import { DomainCounter } from '../counters.ts';
import { Caller } from '../testing/caller.ts';
import { Place } from '../testing/places.ts';

describe('a guest that is one domain among many', () => {
  let caller: Caller;
  beforeEach(async () => {
    caller = await Caller.start();
  });

  it('has no hypercalls of PV guests, and none that manage other domains', () => {
    const served: readonly number[] = [
      Hypercall.memoryOp,
      Hypercall.multicall,
      Hypercall.setTimerOp,
      Hypercall.xenVersion,
      Hypercall.consoleIo,
      Hypercall.grantTableOp,
      Hypercall.vmAssist,
      Hypercall.vcpuOp,
      Hypercall.schedOp,
      Hypercall.eventChannelOp,
      Hypercall.hvmOp,
    ];
    const privileged: readonly number[] = [
      Hypercall.platformOp,
      Hypercall.sysctl,
      Hypercall.domctl,
    ];
    for (let number = 0; number < 64; number++) {
      if (served.includes(number)) continue;
      const expected = privileged.includes(number) ? -Errno.EPERM : -Errno.ENOSYS;
      expect(caller.call(number), String(number)).toBe(expected);
    }
    for (const number of [64, 0x7fff_ffff, -1, -38])
      expect(caller.call(number)).toBe(-Errno.ENOSYS);
  });

  it('has each call counted by number', () => {
    const { values } = caller.machine.counters;
    const count = (): number => values[DomainCounter.hypercalls + Hypercall.xenVersion]!;
    const before = count();
    for (let i = 0; i < 5; i++) caller.call(Hypercall.xenVersion, VersionOp.pagesize);
    expect(count() - before).toBe(5);
  });

  it('writes early messages to its log, a line each, without control characters', () => {
    const { memory } = caller.machine.domain;
    memory.bytes.set(Buffer.from('hello \x1b[31mred\nsecond'), Place.arguments);
    const write = (bytes: number): number =>
      caller.call(Hypercall.consoleIo, ConsoleIo.write, bytes, Place.arguments);
    expect(write(21)).toBe(0);
    memory.bytes.set(Buffer.from(' line\n'), Place.arguments);
    expect(write(6)).toBe(0);
    expect(caller.machine.log).toEqual([
      'debug: guest: hello [31mred',
      'debug: guest: second line',
    ]);
    expect(write(0xffff_ffff)).toBe(0);
    expect(caller.call(Hypercall.consoleIo, ConsoleIo.write, 8, 0xf000_0000)).toBe(-Errno.EFAULT);
    expect(caller.call(Hypercall.consoleIo, 7, 1, Place.arguments)).toBe(-Errno.ENOSYS);
  });

  it('has the run-state flag as its only assist', () => {
    const assist = (command: number, type: number): number =>
      caller.call(Hypercall.vmAssist, command, type);
    expect(assist(0, VmAssistType.runstateUpdateFlag)).toBe(0);
    expect(caller.machine.domain.vcpu.runstateUpdateFlag).toBe(true);
    expect(assist(1, VmAssistType.runstateUpdateFlag)).toBe(0);
    expect(caller.machine.domain.vcpu.runstateUpdateFlag).toBe(false);
    expect(assist(0, VmAssistType.writablePagetables)).toBe(-Errno.EINVAL);
    expect(assist(2, VmAssistType.runstateUpdateFlag)).toBe(-Errno.ENOSYS);
  });

  describe('calling several at once', () => {
    const list = (entries: readonly (readonly [op: number, ...args: number[]])[]): number => {
      const { view } = caller.machine.domain.memory;
      entries.forEach(([op, ...args], index) =>
        MulticallEntry.write(view, Place.arguments + index * MulticallEntry.size, {
          op,
          args: Array.from({ length: 6 }, (_, at) => args[at] ?? 0),
        }),
      );
      return caller.call(Hypercall.multicall, Place.arguments, entries.length);
    };
    const result = (index: number): number =>
      caller.machine.word(Place.arguments + index * MulticallEntry.size + 4) | 0;

    it('gives each its own result', () => {
      expect(
        list([
          [Hypercall.xenVersion, VersionOp.pagesize],
          [99],
          [Hypercall.multicall, Place.arguments, 1],
        ]),
      ).toBe(0);
      expect([result(0), result(1), result(2)]).toEqual([4096, -Errno.ENOSYS, -Errno.EINVAL]);
    });

    it('stops where the list cannot be read, and at absurd lengths', () => {
      expect(caller.call(Hypercall.multicall, 0xf000_0000, 1)).toBe(-Errno.EFAULT);
      expect(caller.call(Hypercall.multicall, Place.arguments, 0xffff_ffff)).toBe(-Errno.EINVAL);
      expect(caller.call(Hypercall.multicall, Place.arguments, 0)).toBe(0);
    });
  });

  it('names domains that are no domain of its own in vain', () => {
    const status = caller.callWith(
      Hypercall.eventChannelOp,
      abi.EventChannelOp.status,
      abi.EvtchnStatus,
      {
        dom: abi.ReservedDomId.idle,
      },
    );
    expect(status.result).toBe(-Errno.ESRCH);
  });
});
