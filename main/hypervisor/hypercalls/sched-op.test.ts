import { beforeEach, describe, expect, it } from 'vitest';
import * as abi from '../abi/index.ts';
import { Errno, Hypercall, SchedOp, ShutdownReason } from '../abi/index.ts';
import { Caller } from '../testing/caller.ts';
import { Place } from '../testing/places.ts';

const PORTS = Place.arguments + 0x100;

describe('sched_op', () => {
  let caller: Caller;
  let yields = 0;
  beforeEach(async () => {
    yields = 0;
    caller = await Caller.start({ onYield: () => yields++ });
  });
  const shutdown = (reason: number): number =>
    caller.callWith(Hypercall.schedOp, SchedOp.shutdown, abi.SchedShutdown, { reason }).result;
  const poll = (ports: readonly number[], fields = {}): number => {
    ports.forEach((port, index) => caller.machine.setWord(PORTS + index * 4, port));
    return caller.callWith(Hypercall.schedOp, SchedOp.poll, abi.SchedPoll, {
      ports: abi.GuestVirtualAddress(PORTS),
      nrPorts: ports.length,
      ...fields,
    }).result;
  };

  it('gives the back ends their turn in a yield', () => {
    expect(caller.call(Hypercall.schedOp, SchedOp.yield)).toBe(0);
    expect(yields).toBe(1);
    expect(caller.call(Hypercall.schedOp, SchedOp.block)).toBe(0);
  });

  it.each(Object.entries(ShutdownReason))('ends the domain with reason %s', (_name, reason) => {
    shutdown(reason);
    expect(caller.machine.ended?.reason).toBe(reason);
  });

  it('ends nothing for an unknown reason', () => {
    expect(shutdown(6)).toBe(-Errno.EINVAL);
    expect(shutdown(0xffff_ffff)).toBe(-Errno.EINVAL);
    expect(caller.machine.ended).toBeNull();
  });

  it('polls: at once when a port is pending, else after the back ends had their turn', () => {
    const { domain } = caller.machine;
    expect(poll([1, 2])).toBe(0);
    expect(yields).toBe(1);
    domain.shared.testAndSetPending(2);
    expect(poll([1, 2])).toBe(0);
    expect(yields).toBe(1);
  });

  it('polls at most 128 ports that exist', () => {
    expect(poll([1024])).toBe(-Errno.EINVAL);
    expect(poll([], { nrPorts: 129 })).toBe(-Errno.EINVAL);
    expect(poll([], { nrPorts: 0xffff_ffff })).toBe(-Errno.EINVAL);
    expect(poll([], { nrPorts: 1, ports: abi.GuestVirtualAddress(0xf000_0000) })).toBe(
      -Errno.EFAULT,
    );
  });

  it('leaves the rest to those who may', () => {
    expect(caller.call(Hypercall.schedOp, SchedOp.remoteShutdown, Place.arguments)).toBe(
      -Errno.EPERM,
    );
    expect(caller.call(Hypercall.schedOp, SchedOp.pinOverride, Place.arguments)).toBe(-Errno.EPERM);
    expect(caller.call(Hypercall.schedOp, 8, Place.arguments)).toBe(-Errno.ENOSYS);
  });
});
