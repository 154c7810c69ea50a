import { describe, expect, it } from 'vitest';
import { ShutdownReason } from './abi/index.ts';
import { EmulatorPanic } from './engine/emulator-panic.ts';
import type { Assembler } from './testing/assembler.ts';
import { Machine } from './testing/machine.ts';
import { Place, Variable, Window } from './testing/places.ts';
import { tinyGuest } from './testing/tiny-guest.ts';
import type { Paging } from './testing/page-tables.ts';

/** Loads an interrupt table of `limit` and `base`. */
function idt(asm: Assembler, limit: number, base: number): Assembler {
  asm.jump('loadIt').label('pointer').dw(limit).dd(base);
  return asm.label('loadIt').loadIdt('pointer');
}
const run = (body: (asm: Assembler) => void, paging?: Paging): Promise<Machine> =>
  Machine.run(tinyGuest(body, { paging }));
const UNDEFINED = [0x0f, 0x0b] as const;

describe('a fault that cannot be delivered', () => {
  it.each<[string, (asm: Assembler) => void, Paging?]>([
    ['an empty table, as Linux resets itself', (asm) => idt(asm, 0, 0).db(0xcc)],
    ['a table of zeros', (asm) => idt(asm, 0x7ff, Place.free).db(...UNDEFINED)],
    [
      'a table that is not mapped',
      (asm) => idt(asm, 0x7ff, Window.absent).load('eax', Window.absent),
      'pae',
    ],
    ['a table beyond the memory', (asm) => idt(asm, 0x7ff, 0xd000_0000).db(...UNDEFINED)],
    [
      'a stack that is not mapped',
      (asm) => asm.mov('esp', Window.absent + 64).load('eax', Window.absent),
      'two-level',
    ],
  ])('resets the domain: %s', async (_what, body, paging) => {
    const machine = await run(body, paging);
    expect(machine.ended?.reason).toBe(ShutdownReason.reboot);
    expect(machine.ended?.detail).toMatch(/triple fault at 0x/);
  });

  it('resets no domain whose faults can', async () => {
    const machine = await run((asm) => asm.db(...UNDEFINED));
    expect(machine.ended).toBeNull();
    expect(machine.word(Variable.fault) - 1).toBe(6);
  });
});

describe('what the emulator cannot do', () => {
  it('is no triple fault: it goes to whoever runs the domain', async () => {
    // An interrupt beyond a table that has a gate for #GP.
    const machine = await Machine.start(
      tinyGuest((asm) => {
        asm
          .jump('go')
          .label('short')
          .dw(0x1f * 8 + 7)
          .dd('idt');
        asm.label('go').loadIdt('short').interrupt(0x80);
      }),
    );
    expect(() => machine.runUntil(() => machine.finished)).toThrow(
      new EmulatorPanic('Unimplemented: #GP handler'),
    );
    expect(machine.ended).toBeNull();
  });
});
