import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Errno } from '../abi/index.ts';
import { DomainCounter } from '../counters.ts';
import { Caller } from '../testing/caller.ts';
import { operations } from '../testing/operations.ts';
import { Place, Window } from '../testing/places.ts';

const PAGE = 4096;
const [first, second] = Place.windowFrames;

describe.each(['two-level', 'pae'] as const)('a pointer of a %s guest', (paging) => {
  let caller: Caller;
  beforeAll(async () => {
    caller = await Caller.start({ paging });
  });
  afterAll(() => {
    // Of all the calls below those with good pointers changed what they should; nothing was lost.
    expect(caller.machine.framesAddUp).toBe(true);
  });

  for (const { name, registers, size, prepare, writes } of operations) {
    it(`that leads nowhere is -EFAULT to ${name}`, () => {
      const { values } = caller.machine.counters;
      const faults = values[DomainCounter.guestFaults]!;
      const lastByteAbsent = Window.absent - size + 1;
      for (const pointer of [Window.absent, Window.beyond, lastByteAbsent]) {
        expect(caller.call(...registers(pointer)), pointer.toString(16)).toBe(-Errno.EFAULT);
      }
      expect(values[DomainCounter.guestFaults]).toBe(faults + 3);
      if (!writes) return;
      const { domain } = caller.machine;
      const before = [...domain.events.bound()];
      prepare(domain.memory.view, first);
      expect(caller.call(...registers(Window.readOnly))).toBe(-Errno.EFAULT);
      expect([...domain.events.bound()]).toEqual(before);
    });
  }

  for (const { name, registers, size, prepare, good } of operations) {
    it(`may cross into a frame that is elsewhere, for ${name}`, () => {
      const { memory } = caller.machine.domain;
      const half = Math.ceil(size / 2);
      prepare(memory.view, Place.arguments);
      const argument = memory.bytes.slice(Place.arguments, Place.arguments + size);
      memory.bytes.set(argument.subarray(0, half), first + PAGE - half);
      memory.bytes.set(argument.subarray(half), second);
      expect(caller.call(...registers(Window.joined + PAGE - half))).toBe(good);
    });
  }
});
