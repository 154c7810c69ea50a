import { describe, expect, it } from 'vitest';
import { loadTranslatedCode } from './engine/translated-code.ts';
import { PAGE_SIZE } from './engine/page.ts';
import { Machine } from './testing/machine.ts';
import { Place, Variable } from './testing/places.ts';
import { tinyGuest } from './testing/tiny-guest.ts';

const [PASSES, SUM] = [Variable.results, Variable.results + 4];
/** Hot enough to be translated several times over. */
const LAPS = 400_000;

/** Where the number lies in the code that is added. */
let immediateAt = 0;

/** Again and again: `LAPS` times x += an immediate, which lies in the code; then the sum is told. */
const adding = tinyGuest((asm) => {
  asm.label('pass').mov('eax', 0).mov('ecx', LAPS).label('lap');
  asm.opValue('add', 'eax', 1);
  asm.opValue('sub', 'ecx', 1).jumpIf('notZero', 'lap');
  asm.store(SUM, 'eax').increment(PASSES).jump('pass');
});

/** The code's `add eax, 1`, in memory. */
function findImmediate(machine: Machine): number {
  const bytes = machine.domain.memory.bytes.subarray(Place.code, Place.codeEnd);
  const at = Buffer.from(bytes).indexOf(Buffer.from([0x81, 0xc0, 1, 0, 0, 0]));
  expect(at).toBeGreaterThan(0);
  return Place.code + at + 2;
}

async function hotMachine(): Promise<Machine> {
  const machine = await Machine.start(adding, { keepsCode: true });
  const { engine } = machine.domain;
  for (let tries = 0; engine.generatedCodeBytes === 0 && tries < 200; tries++) {
    machine.runSlices(10);
    await machine.compiled();
  }
  expect(engine.generatedCodeBytes).toBeGreaterThan(0);
  immediateAt = findImmediate(machine);
  return machine;
}

function pass(machine: Machine): void {
  const { domain } = machine;
  domain.engine.clock.thaw();
  const passes = machine.word(PASSES);
  machine.runUntil(() => machine.word(PASSES) >= passes + 2);
}

describe('translated code that a copy takes over', () => {
  it('is there before the copy runs, computes what it should, and is not translated again', async () => {
    const machine = await hotMachine();
    const copy = await machine.restoredWarm({ keepsCode: true });
    const { engine } = copy.domain;
    const inherited = engine.generatedCodeBytes;
    expect(inherited).toBe(machine.domain.engine.generatedCodeBytes);
    pass(copy);
    expect(copy.word(SUM)).toBe(LAPS);
    expect(engine.pendingCompilations).toBe(0);
    expect(engine.generatedCodeBytes).toBe(inherited);
  });

  it('is translated anew in a copy that takes none', async () => {
    const copy = await (await hotMachine()).restored();
    expect(copy.domain.engine.generatedCodeBytes).toBe(0);
    pass(copy);
    await copy.compiled();
    expect(copy.word(SUM)).toBe(LAPS);
    expect(copy.domain.engine.generatedCodeBytes).toBeGreaterThan(0);
  });

  it('is void where the host writes over the guest’s code', async () => {
    const machine = await hotMachine();
    const copy = await machine.restoredWarm();
    copy.domain.memory.write(immediateAt, Uint8Array.of(3));
    pass(copy);
    expect(copy.word(SUM)).toBe(LAPS * 3);
    pass(machine);
    expect(machine.word(SUM)).toBe(LAPS);
  });

  it('goes ahead of memory that still changes, and is void where it does', async () => {
    const machine = await hotMachine();
    const early = machine.domain.engine.shareCode();
    const bytesThen = machine.domain.memory.bytes.slice();
    // The original goes on, with other code.
    machine.domain.memory.write(immediateAt, Uint8Array.of(7));
    pass(machine);
    expect(machine.word(SUM)).toBe(LAPS * 7);
    const copy = await machine.restoredBy(({ memory, engine }) => {
      memory.bytes.set(bytesThen);
      engine.adoptCode(early);
      expect(engine.generatedCodeBytes).toBeGreaterThan(0);
      for (let page = 0; page < memory.size; page += PAGE_SIZE) {
        const now = machine.domain.memory.bytes.subarray(page, page + PAGE_SIZE);
        if (Buffer.compare(memory.bytes.subarray(page, page + PAGE_SIZE), now) === 0) continue;
        memory.bytes.set(now, page);
        memory.rewritten(page, PAGE_SIZE);
      }
    });
    pass(copy);
    expect(copy.word(SUM)).toBe(LAPS * 7);
  });

  it('serves several copies, one after the other', async () => {
    const machine = await hotMachine();
    const [one, other] = [await machine.restoredWarm(), await machine.restoredWarm()];
    one.domain.memory.write(immediateAt, Uint8Array.of(5));
    pass(one);
    pass(other);
    expect([one.word(SUM), other.word(SUM)]).toEqual([LAPS * 5, LAPS]);
  });

  it('is refused by a machine with another amount of memory', async () => {
    const machine = await hotMachine();
    const code = await loadTranslatedCode(machine.domain.engine.saveCode());
    const other = await Machine.create({ memoryKiB: 131072 });
    expect(() => other.domain.engine.adoptCode(code)).toThrow(/another amount of memory/);
  });
});
