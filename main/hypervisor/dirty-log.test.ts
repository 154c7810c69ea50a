import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE } from './engine/page.ts';
import type { Assembler } from './testing/assembler.ts';
import { LoggedRun } from './testing/logged-run.ts';
import { Machine } from './testing/machine.ts';
import type { Paging } from './testing/page-tables.ts';
import { Place, Variable, Window } from './testing/places.ts';
import { tinyGuest } from './testing/tiny-guest.ts';

const MEMORY_BYTES = 8 << 20;
/** The guest says here which step it has done, and waits for the next one to be allowed. */
const done = Variable.results;
const allowed = Variable.results + 4;
/** What every guest does first is behind it. */
const ready = Variable.results + 8;

/** What a guest does in a step, and the bytes of memory that it may change: at most those. */
interface Step {
  name: string;
  address: number;
  bytes: number;
  emit(asm: Assembler): void;
}

const at = (address: number, ...code: number[]): Step['emit'] => {
  return (asm) => asm.mov('ebx', address).db(...code);
};

/** Instructions that write to [ebx], and how much. */
const WRITES: readonly [name: string, bytes: number, code: number[]][] = [
  ['mov byte', 1, [0xc6, 0x03, 0xa5]],
  ['mov word', 2, [0x66, 0xc7, 0x03, 0xa5, 0xa5]],
  ['mov dword', 4, [0xc7, 0x03, 0xa5, 0xa5, 0xa5, 0xa5]],
  ['xchg', 4, [0xb8, 0x78, 0x56, 0x34, 0x12, 0x87, 0x03]],
  ['lock inc', 4, [0xf0, 0xff, 0x03]],
  ['lock bts', 4, [0xf0, 0x0f, 0xba, 0x2b, 3]],
  ['not', 4, [0xf7, 0x13]],
  ['cmpxchg', 4, [0x8b, 0x03, 0xb9, 1, 2, 3, 4, 0x0f, 0xb1, 0x0b]],
  [
    'cmpxchg8b',
    8,
    [0x8b, 0x03, 0x8b, 0x53, 4, 0xb9, 1, 2, 3, 4, 0x89, 0xde, 0xbb, 5, 6, 7, 8, 0x0f, 0xc7, 0x0e],
  ],
  ['fstp qword', 8, [0xd9, 0xe8, 0xdd, 0x1b]],
  ['fstp tword', 10, [0xd9, 0xeb, 0xdb, 0x3b]],
  ['sgdt', 6, [0x0f, 0x01, 0x03]],
  ['movups', 16, [0x66, 0x0f, 0x76, 0xc0, 0x0f, 0x11, 0x03]],
  ['movq', 8, [0x66, 0x0f, 0x76, 0xc0, 0x66, 0x0f, 0xd6, 0x03]],
  ['fnsave', 108, [0xdd, 0x33]],
];

const inFree = fc.integer({ min: Place.free, max: MEMORY_BYTES - (1 << 17) - 0x20000 });
/** Also across the seam of two pages that are next to each other only in the guest's eyes. */
const inWindow = fc.oneof(
  fc.integer({ min: Window.joined, max: Window.joined + 2 * PAGE_SIZE - 128 }),
  fc.integer({ min: Window.joined + PAGE_SIZE - 16, max: Window.joined + PAGE_SIZE }),
);

function steps(paging: Paging | undefined): fc.Arbitrary<Step> {
  const address = paging ? fc.oneof(inFree, inWindow) : inFree;
  const write = fc.tuple(fc.constantFrom(...WRITES), address).map(([[name, bytes, code], to]) => ({
    name,
    address: to,
    bytes,
    emit: at(to, ...code),
  }));
  const fill = fc.tuple(inFree, fc.integer({ min: 1, max: 20_000 })).map(([to, words]) => ({
    name: 'rep stos',
    address: to,
    bytes: words * 4,
    emit: (asm: Assembler) =>
      asm.mov('edi', to).mov('ecx', words).mov('eax', 0x5a5a5a5a).db(0xfc, 0xf3, 0xab),
  }));
  const copy = fc
    .tuple(inFree, address, fc.integer({ min: 1, max: 100 }))
    .map(([from, to, bytes]) => ({
      name: 'rep movs',
      address: to,
      bytes,
      emit: (asm: Assembler) =>
        asm.mov('esi', from).mov('edi', to).mov('ecx', bytes).db(0xfc, 0xf3, 0xa4),
    }));
  const push = fc.constant({
    name: 'push all',
    address: Place.stackTop - PAGE_SIZE,
    bytes: PAGE_SIZE,
    emit: (asm: Assembler) => asm.db(0x60, 0x61),
  });
  const read = address.map((from) => ({
    name: 'read',
    address: from,
    bytes: 0,
    emit: (asm: Assembler) => asm.load('eax', from),
  }));
  return fc.oneof(write, write, fill, copy, push, read);
}

function guest(list: readonly Step[], paging: Paging | undefined): ReturnType<typeof tinyGuest> {
  return tinyGuest(
    (asm) => {
      asm.fromControl('eax', 4).opValue('or', 'eax', 0x200).toControl(4, 'eax'); // SSE
      asm.increment(ready);
      list.forEach((step, index) => {
        waitFor(asm, index + 1);
        step.emit(asm);
        asm.increment(done);
      });
    },
    { paging },
  );
}

function waitFor(asm: Assembler, step: number): void {
  asm.label(`gate${step}`).load('eax', allowed).opValue('cmp', 'eax', step);
  asm.jumpIf('below', `gate${step}`);
}

/** The frames of a step's place, of the guest's variables and its page tables. */
function allowedPages({ address, bytes }: Step): Set<number> {
  const pages = new Set([Place.variables / PAGE_SIZE]);
  for (let at = Place.tables; at < Place.tablesEnd; at += PAGE_SIZE) pages.add(at / PAGE_SIZE);
  for (let at = address; at < address + bytes; at++) {
    const page = Math.floor(at / PAGE_SIZE);
    const inWindow = page - Window.joined / PAGE_SIZE;
    pages.add(inWindow >= 0 ? Place.windowFrames[inWindow as 0 | 1]! / PAGE_SIZE : page);
  }
  return pages;
}

describe.each([undefined, 'two-level', 'pae'] as const)(
  'the log of written pages, paging %s',
  (paging) => {
    it('has every page that a step of a guest changed, and none that it could not have', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(steps(paging), { minLength: 1, maxLength: 12 }), async (list) => {
          const machine = await Machine.start(guest(list, paging));
          machine.runUntil(() => machine.word(ready) === 1);
          const run = new LoggedRun(machine);
          list.forEach((step, index) => {
            machine.domain.memory.write(allowed, Uint8Array.of(index + 1));
            machine.runUntil(() => machine.word(done) === index + 1);
            const seen = run.look();
            const missed = seen.changed.filter((page) => !seen.logged.has(page));
            expect(missed, `${step.name} at ${step.address.toString(16)}`).toEqual([]);
            const possible = allowedPages(step);
            const excess = [...seen.logged].filter((page) => !possible.has(page));
            expect(excess, `${step.name} at ${step.address.toString(16)}`).toEqual([]);
          });
          expect(machine.word(Variable.fault)).toBe(0);
        }),
        { numRuns: 25 },
      );
    });
  },
);

describe('the log of written pages', () => {
  it('has page tables of which only the accessed and dirty bits changed', async () => {
    const read = {
      name: 'read',
      address: Window.joined,
      bytes: 0,
      emit: (asm: Assembler) => asm.load('eax', Window.joined),
    };
    const write = {
      name: 'write',
      address: Window.joined,
      bytes: 4,
      emit: at(Window.joined, 0xc7, 0x03, 0, 0, 0, 0),
    };
    for (const paging of ['two-level', 'pae'] as const) {
      const machine = await Machine.start(guest([read, write], paging));
      machine.runUntil(() => machine.word(ready) === 1);
      const run = new LoggedRun(machine);
      const windowTable = (Place.tables + 0x8000) / PAGE_SIZE;
      for (const [step, bit] of [
        [1, 0x20],
        [2, 0x40],
      ] as const) {
        expect(machine.word(windowTable * PAGE_SIZE) & bit).toBe(0);
        machine.domain.memory.write(allowed, Uint8Array.of(step));
        machine.runUntil(() => machine.word(done) === step);
        expect(machine.word(windowTable * PAGE_SIZE) & bit).toBe(bit);
        expect([...run.look().logged]).toContain(windowTable);
      }
    }
  });

  it('has what translated code writes, in each round anew', async () => {
    const machine = await Machine.start(
      tinyGuest(
        (asm) => {
          asm.label('again').mov('ebx', Place.free).mov('ecx', 64);
          asm.label('page').db(0xff, 0x03); // inc dword [ebx]
          asm.opValue('add', 'ebx', PAGE_SIZE).opValue('sub', 'ecx', 1).jumpIf('notZero', 'page');
          asm.increment(done).jump('again');
        },
        { paging: 'pae' },
      ),
      { tickMs: 0.01 },
    );
    machine.runUntil(
      () =>
        machine.domain.engine.generatedCodeBytes > 0 ||
        machine.domain.engine.pendingCompilations > 0,
      20_000,
    );
    await machine.compiled();
    expect(machine.domain.engine.generatedCodeBytes).toBeGreaterThan(0);
    const run = new LoggedRun(machine);
    for (let round = 0; round < 5; round++) {
      const before = machine.word(done);
      machine.runUntil(() => machine.word(done) > before + 2);
      const { logged, changed: pages } = run.look();
      expect(pages.filter((page) => !logged.has(page))).toEqual([]);
      expect(pages.length).toBeGreaterThanOrEqual(64);
    }
  });

  it('has what is written from outside', async () => {
    const machine = await Machine.start(tinyGuest(() => undefined));
    const { memory } = machine.domain;
    const run = new LoggedRun(machine);
    memory.write(Place.free + PAGE_SIZE - 1, Uint8Array.of(1, 2));
    memory.fill(Place.free + 10 * PAGE_SIZE, 3 * PAGE_SIZE, 7);
    memory.ownPage(700)[5] = 1;
    memory.view.setUint8(701 * PAGE_SIZE, 1);
    memory.wrote(701 * PAGE_SIZE, 1);
    const free = Place.free / PAGE_SIZE;
    const { logged, changed: pages } = run.look();
    expect(pages).toEqual([free, free + 1, free + 10, free + 11, free + 12, 700, 701]);
    expect([...logged]).toEqual(pages);
    expect(run.look().logged.size).toBe(0);
  });

  it('costs nothing and knows nothing when it is off', async () => {
    const machine = await Machine.start(tinyGuest((asm) => asm.increment(done)));
    const { log } = machine.domain.memory;
    expect(log.isOn).toBe(false);
    machine.runUntil(() => machine.finished);
    log.start();
    log.stop();
    expect(log.isOn).toBe(false);
    log.wrote(0, PAGE_SIZE);
  });
});
