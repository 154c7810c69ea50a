import { describe, expect, it } from 'vitest';
import { Errno, Hypercall, VersionOp } from './abi/index.ts';
import type { Assembler } from './testing/assembler.ts';
import { Machine } from './testing/machine.ts';
import { Variable } from './testing/places.ts';
import type { TinyGuestOptions } from './testing/tiny-guest.ts';
import { enterUser, tinyGuest } from './testing/tiny-guest.ts';

const PAGESIZE = (asm: Assembler): Assembler =>
  asm.mov('eax', Hypercall.xenVersion).mov('ebx', VersionOp.pagesize);
const OUT_E9 = [0xe7, 0xe9] as const;
const PATCHED = [0xe7, 0xe9, 0x90];
const END_OF_USER = 0x40;

const run = (body: (asm: Assembler) => void, options: TinyGuestOptions = {}): Promise<Machine> =>
  Machine.run(tinyGuest(body, options));
const result = (machine: Machine, index = 0): number =>
  machine.word(Variable.results + index * 4) | 0;
const asUser = (body: (asm: Assembler) => void): Promise<Machine> =>
  run(
    (asm) => {
      enterUser(asm, 'user');
      asm.label('user');
      body(asm);
      asm.interrupt(END_OF_USER);
    },
    { userVectors: [END_OF_USER], handlers: { [END_OF_USER]: 'end' } },
  );

describe('a hypercall', () => {
  it.each(['vmcall', 'vmmcall'] as const)(
    'by %s is patched once into the fast form',
    async (name) => {
      let at = 0;
      const machine = await run((asm) => {
        asm.mov('ecx', 3).label('again').push('ecx');
        PAGESIZE(asm);
        at = asm.here;
        asm[name]().store(Variable.results, 'eax').pop('ecx');
        asm.opValue('sub', 'ecx', 1).jumpIf('notZero', 'again');
      });
      expect(result(machine)).toBe(4096);
      expect([...machine.domain.memory.bytes.subarray(at, at + 3)]).toEqual(PATCHED);
      expect(machine.word(Variable.fault)).toBe(0);
    },
  );

  it('leaves the argument registers as they were', async () => {
    const machine = await run((asm) => {
      asm
        .mov('ebx', VersionOp.pagesize)
        .mov('ecx', 11)
        .mov('edx', 22)
        .mov('esi', 33)
        .mov('edi', 44);
      asm.mov('ebp', 55).mov('eax', Hypercall.xenVersion).vmcall();
      (['ebx', 'ecx', 'edx', 'esi', 'edi', 'ebp'] as const).forEach((name, index) =>
        asm.store(Variable.results + index * 4, name),
      );
    });
    const results = [0, 1, 2, 3, 4, 5].map((index) => result(machine, index));
    expect(results).toEqual([VersionOp.pagesize, 11, 22, 33, 44, 55]);
  });

  it('may lie across two pages', async () => {
    const machine = await run(
      (asm) => {
        PAGESIZE(asm).jump('edge');
        asm.label('back').store(Variable.results, 'eax').jump('end');
        while ((asm.here & 0xfff) !== 0xffe) asm.db(0x90);
        asm.label('edge').vmcall().jump('back');
      },
      { paging: 'pae' },
    );
    expect(result(machine)).toBe(4096);
  });

  it('may be a user program’s attempt: -EPERM, and nothing is patched', async () => {
    let at = 0;
    const machine = await asUser((asm) => {
      PAGESIZE(asm);
      at = asm.here;
      asm.vmcall().store(Variable.results, 'eax');
      PAGESIZE(asm)
        .vmmcall()
        .store(Variable.results + 4, 'eax');
    });
    expect([result(machine), result(machine, 1)]).toEqual([-Errno.EPERM, -Errno.EPERM]);
    expect([...machine.domain.memory.bytes.subarray(at, at + 3)]).toEqual([0x0f, 0x01, 0xc1]);
    expect(machine.word(Variable.fault)).toBe(0);
  });

  it('is -EPERM to a user by the port, too', async () => {
    const machine = await asUser((asm) => {
      PAGESIZE(asm)
        .db(...OUT_E9)
        .store(Variable.results, 'eax');
    });
    expect(result(machine)).toBe(-Errno.EPERM);
  });

  it('is not what other undefined instructions are', async () => {
    const machine = await run((asm) => asm.db(0x0f, 0x0b)); // ud2
    expect(machine.word(Variable.fault) - 1).toBe(6);
    const near = await run((asm) => asm.db(0x0f, 0x01, 0xc2)); // vmlaunch
    expect(near.word(Variable.fault) - 1).toBe(6);
  });

  it('writes bytes of the other widths at its port to the log', async () => {
    const machine = await run((asm) => {
      for (const char of 'early\n') asm.mov('eax', char.charCodeAt(0)).mov('edx', 0xe9).out(8);
    });
    expect(machine.log).toEqual(['debug: guest: early']);
  });
});
