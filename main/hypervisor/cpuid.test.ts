import { describe, expect, it } from 'vitest';
import { DomainCounter } from './counters.ts';
import type { Assembler } from './testing/assembler.ts';
import { Machine } from './testing/machine.ts';
import { Place, Variable } from './testing/places.ts';
import { enterUser, tinyGuest } from './testing/tiny-guest.ts';
import { XEN_VERSION } from './xen-version.ts';

/** EAX, EBX, ECX, EDX of each leaf and sub-leaf. */
async function leaves(
  asked: readonly (readonly [leaf: number, subleaf?: number])[],
): Promise<number[][]> {
  const at = (index: number): number => Place.free + index * 16;
  const machine = await Machine.run(
    tinyGuest((asm) =>
      asked.forEach(([leaf, subleaf = 0], index) => {
        asm.mov('eax', leaf).mov('ecx', subleaf).cpuid();
        (['eax', 'ebx', 'ecx', 'edx'] as const).forEach((name, word) =>
          asm.store(at(index) + word * 4, name),
        );
      }),
    ),
    { domid: 7 },
  );
  return asked.map((_, index) => [0, 4, 8, 12].map((offset) => machine.word(at(index) + offset)));
}

const text = (registers: readonly number[]): string =>
  Buffer.from(Uint32Array.from(registers).buffer).toString('latin1');

describe('CPUID', () => {
  it('names Xen, its version, and its features', async () => {
    const [signature, version, page, hvm] = await leaves([
      [0x40000000],
      [0x40000001],
      [0x40000002],
      [0x40000004],
    ]);
    expect(text(signature!.slice(1))).toBe('XenVMMXenVMM');
    expect(signature![0]! - 0x40000000).toBeGreaterThanOrEqual(4);
    expect(version).toEqual([XEN_VERSION, 0, 0, 0]);
    expect(page).toEqual([1, 0x40000000, 0, 0]);
    const [vcpuId, domid, upcallVector] = [1 << 3, 1 << 4, 1 << 6];
    expect(hvm).toEqual([vcpuId | domid | upcallVector, 0, 7, 0]);
  });

  it('tells the frequency and scale of the time stamp counter', async () => {
    const [first, scale, host, none] = await leaves([
      [0x40000003],
      [0x40000003, 1],
      [0x40000003, 2],
      [0x40000003, 3],
    ]);
    expect(first![2]).toBe(1_000_000);
    expect(scale).toEqual([0, 0, 0x8000_0000, 1]);
    expect(host![0]).toBe(1_000_000);
    expect(none).toEqual([0, 0, 0, 0]);
  });

  it('has nothing in the other leaves of the range, and the processor’s own elsewhere', async () => {
    const [pv, last, vendor] = await leaves([[0x40000005], [0x400000ff], [0]]);
    expect([pv, last]).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect(text([vendor![1]!, vendor![3]!, vendor![2]!])).toBe('GenuineIntel');
  });
});

describe('the hypercall page', () => {
  const MSR = 0x40000000;
  const PAGE = 0x300000;
  const write = (asm: Assembler, msr: number, low: number, high = 0): Assembler =>
    asm.mov('ecx', msr).mov('eax', low).mov('edx', high).wrmsr();

  it('has a stub for each hypercall, which works', async () => {
    const machine = await Machine.run(
      tinyGuest((asm) => {
        write(asm, MSR, PAGE);
        asm
          .mov('ebx', 7)
          .mov('ecx', PAGE + 17 * 32)
          .callTo('ecx')
          .store(Variable.results, 'eax');
      }),
    );
    expect(machine.word(Variable.results)).toBe(4096);
    for (const number of [0, 42, 127]) {
      const stub = machine.domain.memory.bytes.subarray(PAGE + number * 32);
      expect([...stub.subarray(0, 9)]).toEqual([0xb8, number, 0, 0, 0, 0x0f, 0x01, 0xc1, 0xc3]);
    }
  });

  it.each([
    ['another MSR', 0x40000001, PAGE, 0],
    ['a page beyond the memory', MSR, 0x0080_0000, 0],
    ['a page beyond 4 GiB', MSR, PAGE, 1],
    ['a second page', MSR, PAGE | 1, 0],
  ])('is not written for %s', async (_what, msr, low, high) => {
    const machine = await Machine.run(tinyGuest((asm) => write(asm, msr, low, high)));
    expect(machine.word(PAGE)).toBe(0);
    expect(machine.counters.values[DomainCounter.guestFaults]).toBe(1);
  });

  it('is not written for user code, which gets its fault', async () => {
    const machine = await Machine.run(
      tinyGuest((asm) => {
        enterUser(asm, 'user');
        write(asm.label('user'), MSR, PAGE);
      }),
    );
    expect(machine.word(Variable.fault) - 1).toBe(13);
    expect(machine.word(PAGE)).toBe(0);
  });
});
