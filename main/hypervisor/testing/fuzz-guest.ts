/**
 * A guest that does what no guest should, at full speed: hypercalls with random registers and
 * pointers, random grant entries and ring indices, random writes to Xen's ports. Its choices come
 * from a generator in the guest itself, so that a seed gives the same run again.
 *
 * Values are picked from tables of sixteen `(random & mask) + base`, weighted so that most calls get
 * past the first check.
 */
import {
  CPUID_FIRST_LEAF,
  EventChannelOp,
  GuestVirtualAddress,
  HYPERCALL_PAGE_MSR,
  Hypercall,
  MemoryOp,
  MemoryReservation,
  ReservedDomId,
  SchedOp,
} from '../abi/index.ts';
import type { KernelImage } from '../builder/build.ts';
import type { MemoryLayout } from '../builder/memory-layout.ts';
import type { Assembler } from './assembler.ts';
import type { Paging } from './page-tables.ts';
import { Place, Variable, Window } from './places.ts';
import type { Operation } from './operations.ts';
import { operations } from './operations.ts';
import { tinyGuest } from './tiny-guest.ts';

export const FuzzVariable = {
  /** Rounds done. */
  rounds: Variable.results,
  /** State of the generator. */
  state: Variable.results + 4,
  /** The argument block of this round. */
  block: Variable.results + 8,
} as const;

/** Where its shared page is at first; the upper half of its 8 MiB is what it plays with. */
const UPPER_HALF = 0x400000;
const UPPER_FRAMES = 0x3ff;
const VECTOR = 0xf3;
const BLOCK_WORDS = 12;
const ANY = 0xffff_ffff;

type Pick = readonly [mask: number, base: number];
const times = (count: number, pick: Pick): Pick[] => new Array<Pick>(count).fill(pick);
const fixed = (value: number): Pick => [0, value];

/** Words of arguments. */
const words: Pick[] = [
  ...times(4, [15, 0]),
  ...times(2, fixed(ReservedDomId.self)),
  [1023, 0], // ports, and frames of the lower half
  ...times(2, [UPPER_FRAMES, UPPER_HALF >> 12]),
  [0xfffc, Place.arguments],
  fixed(0),
  fixed(ANY),
  [0x7fff, Window.start],
  [127, 0x1000], // frames of the platform device
  [0xffff_0000, ReservedDomId.self],
  [ANY, 0],
];

const pointers: Pick[] = [
  ...times(5, [0xfffc, Place.arguments]),
  ...times(5, [0x7fff, Window.start]),
  [0x3f_ffff, UPPER_HALF],
  [0xffff, 0x100_0000],
  [0xfff, 0xffff_f000],
  fixed(0),
  ...times(2, [ANY, 0]),
];

const numbers: Pick[] = [
  ...times(2, fixed(Hypercall.memoryOp)),
  fixed(Hypercall.multicall),
  fixed(Hypercall.xenVersion),
  fixed(Hypercall.consoleIo),
  ...times(2, fixed(Hypercall.grantTableOp)),
  fixed(Hypercall.vmAssist),
  ...times(2, fixed(Hypercall.vcpuOp)),
  fixed(Hypercall.schedOp),
  ...times(2, fixed(Hypercall.eventChannelOp)),
  fixed(Hypercall.hvmOp),
  [63, 0],
  [ANY, 0],
];

/** Not those that end a domain: switching off, resetting. */
const ports: Pick[] = [
  ...times(5, [15, 0x10]),
  ...times(3, fixed(0xe9)),
  ...times(3, [3, 0xafe0]),
  [3, 0xb000],
  [7, 0xb008],
  ...times(2, [0xff, 0xc000]),
  [1, 0xb000],
];

const commands: Pick[] = [...times(13, [15, 0]), [31, 0], [63, 0], [ANY, 0]];

export interface FuzzOptions {
  seed: number;
  layout: MemoryLayout;
  paging: Paging;
  /** It closes no event channel, so that its back ends hear of it as long as it runs. */
  keepsChannels?: boolean;
}

export function fuzzGuest(options: FuzzOptions): KernelImage {
  const { seed, layout, paging, keepsChannels = false } = options;
  return tinyGuest(
    (asm) => {
      start(asm, seed);
      asm.label('main').setInterrupts().increment(FuzzVariable.rounds);
      argumentBlock(asm);
      branch(asm, [
        ...repeat('call', 4),
        ...repeat('nearlyGood', 5),
        'port',
        'port',
        'grant',
        'ring',
        'ring',
        'anywhere',
        'special',
      ]);
      hypercall(asm, keepsChannels);
      nearlyGoodCall(asm);
      portAccess(asm);
      memoryWrites(asm, layout);
      instructions(asm);
      listen(asm);
      subroutines(asm);
      templates(asm);
    },
    { paging, recoverAt: 'recover' },
  );
}

function start(asm: Assembler, seed: number): void {
  asm.storeValue(FuzzVariable.state, seed | 1).storeValue(Variable.acknowledge, 1);
  asm.storeValue(Variable.clears, UPPER_HALF).jump('listen');
  // An exception, or an interrupt by an exception's vector.
  asm.label('recover').storeValue(0xfee000b0, 0).jump('main');
}

/** The shared page where the interrupt handler looks for it, all upcalls by one vector. */
function listen(asm: Assembler): void {
  const argument = (...values: number[]): void =>
    values.forEach((value, index) => asm.storeValue(Place.arguments + index * 4, value));
  asm.label('listen');
  argument(ReservedDomId.self, 0, 0, UPPER_HALF >> 12);
  callFixed(asm, Hypercall.memoryOp, 7);
  argument(0, VECTOR);
  callFixed(asm, Hypercall.hvmOp, 23);
  asm
    .storeValue(UPPER_HALF, 0)
    .storeValue(UPPER_HALF + 4, 0)
    .jump('main');
}

function callFixed(asm: Assembler, number: number, command: number): void {
  asm.mov('eax', number).mov('ebx', command).mov('ecx', Place.arguments).vmcall();
}

/** Chooses one of sixteen labels. */
function branch(asm: Assembler, labels: readonly string[]): void {
  const table = asm.freshLabel();
  asm.call('random').opValue('and', 'eax', 15).shiftLeft('eax', 2).opValue('add', 'eax', table);
  asm.loadAt('eax', 'eax').jumpTo('eax').label(table);
  for (const label of labels) asm.dd(label);
}

/** EAX from a table. */
function pick(asm: Assembler, table: string): Assembler {
  return asm.mov('esi', table).call('pick');
}

function argumentBlock(asm: Assembler): void {
  asm
    .call('random')
    .opValue('and', 'eax', 0xffe0)
    .opValue('add', 'eax', Place.arguments - 32);
  asm.store(FuzzVariable.block, 'eax').copy('edi', 'eax').mov('ecx', BLOCK_WORDS);
  asm.label('fill');
  pick(asm, 'words').storeAt('edi', 0, 'eax').opValue('add', 'edi', 4);
  asm.opValue('sub', 'ecx', 1).jumpIf('notZero', 'fill');
}

/** EDI a pointer: this round's block mostly. */
function pointer(asm: Assembler): void {
  const other = asm.freshLabel();
  asm
    .load('edi', FuzzVariable.block)
    .call('random')
    .opValue('and', 'eax', 3)
    .jumpIf('notZero', other);
  pick(asm, 'pointers').copy('edi', 'eax').label(other);
}

function hypercall(asm: Assembler, keepsChannels: boolean): void {
  asm.label('call');
  pointer(asm);
  pick(asm, 'commands').push('eax');
  pick(asm, 'numbers').push('eax');
  branch(asm, [
    ...new Array<string>(7).fill('second'),
    ...new Array<string>(6).fill('third'),
    'first',
    'first',
    'anything',
  ]);
  // Which register has the pointer: ECX and a small count, EDX and vCPU 0, or EBX as in a multicall.
  asm.label('second').call('random').opValue('and', 'eax', 3).copy('edx', 'eax').copy('ecx', 'edi');
  asm.pop('eax').pop('ebx').jump('go');
  asm.label('third').mov('ecx', 0).copy('edx', 'edi').pop('eax').pop('ebx').jump('go');
  asm.label('first').pop('eax').pop('ebx').copy('ebx', 'edi').mov('ecx', 3).jump('go');
  asm.label('anything');
  pick(asm, 'words').push('eax');
  pick(asm, 'words').copy('edx', 'eax').pop('ecx').pop('eax').pop('ebx');
  asm.label('go').copy('esi', 'edx');
  // A domain that shuts down is tested elsewhere.
  asm.opValue('cmp', 'eax', Hypercall.schedOp).jumpIf('notZero', 'allowed');
  asm.opValue('cmp', 'ebx', SchedOp.shutdown).jumpIf('zero', 'main');
  asm.label('allowed');
  if (keepsChannels) {
    asm.opValue('cmp', 'eax', Hypercall.eventChannelOp).jumpIf('notZero', 'kept');
    asm.opValue('cmp', 'ebx', EventChannelOp.close).jumpIf('zero', 'main');
    asm.opValue('cmp', 'ebx', EventChannelOp.reset).jumpIf('zero', 'main').label('kept');
  }
  asm.vmcall().jump('main');
}

/** A call of the table of good ones, with one word of its argument or one register changed. */
function nearlyGoodCall(asm: Assembler): void {
  asm
    .label('nearlyGood')
    .call('random')
    .opValue('and', 'eax', TEMPLATES - 1);
  asm.shiftLeft('eax', 6).opValue('add', 'eax', 'templates').push('eax');
  asm
    .load('edi', FuzzVariable.block)
    .copy('esi', 'eax')
    .opValue('add', 'esi', REGISTER_WORDS * 4);
  asm.mov('ecx', BLOCK_WORDS).db(0xf3, 0xa5); // rep movsd
  asm.call('random').opValue('and', 'eax', 15).shiftLeft('eax', 2).copy('ecx', 'eax');
  asm.opValue('cmp', 'ecx', BLOCK_WORDS * 4).jumpIf('notBelow', 'unchanged');
  asm.load('edi', FuzzVariable.block).op('add', 'ecx', 'edi');
  pick(asm, 'words').storeAt('ecx', 0, 'eax').label('unchanged');
  pointer(asm);
  asm.pop('esi');
  for (const [index, register] of (['ebx', 'ecx', 'edx'] as const).entries()) {
    const plain = asm.freshLabel();
    asm.loadAt(register, 'esi', 4 + index * 4).opValue('cmp', register, POINTER);
    asm.jumpIf('notZero', plain).copy(register, 'edi').label(plain);
  }
  asm.loadAt('eax', 'esi').jump('go');
}

/** A template is sixteen words: EAX, EBX, ECX, EDX, and the argument. */
const REGISTER_WORDS = 4;
const TEMPLATES = 64;
/** Stands for the address of the argument. */
const POINTER = 0xfeed_face;

/** Ballooning has results of its own kind, and is not in the table of operations. */
const reservation: Operation[] = [MemoryOp.decreaseReservation, MemoryOp.populatePhysmap].map(
  (command) => ({
    name: 'reservation',
    size: MemoryReservation.size,
    good: 0,
    writes: false,
    registers: (pointer) => [Hypercall.memoryOp, command, pointer],
    prepare: (view, at) =>
      MemoryReservation.write(view, at, {
        extentStart: GuestVirtualAddress(Place.arguments + 0x100),
        nrExtents: 3,
        domid: ReservedDomId.self,
      }),
  }),
);

function templates(asm: Assembler): void {
  const all = [...operations.filter(({ name }) => name !== 'reset'), ...reservation];
  asm.align(4).label('templates');
  for (let index = 0; index < TEMPLATES; index++) {
    const { registers, prepare, size } = all[index % all.length]!;
    const words = new DataView(new ArrayBuffer(Math.max(size, BLOCK_WORDS * 4)));
    prepare(words, 0);
    const [eax, ebx = 0, ecx = 0, edx = 0] = registers(POINTER);
    for (const value of [eax, ebx, ecx, edx]) asm.dd(value);
    for (let word = 0; word < BLOCK_WORDS; word++) asm.dd(words.getUint32(word * 4, true));
  }
}

function portAccess(asm: Assembler): void {
  asm.label('port');
  pick(asm, 'ports').push('eax');
  // ECX the port, EBX the value.
  pick(asm, 'words').pop('ecx').copy('ebx', 'eax');
  branch(asm, [
    ...repeat('out8', 5),
    ...repeat('out16', 4),
    ...repeat('out32', 2),
    'in8',
    'in8',
    'in16',
    'in16',
    'in32',
  ]);
  for (const width of [8, 16, 32] as const) {
    asm.label(`out${width}`).copy('eax', 'ebx').copy('edx', 'ecx').out(width).jump('main');
    asm.label(`in${width}`).copy('edx', 'ecx').in(width).jump('main');
  }
}

function memoryWrites(asm: Assembler, layout: MemoryLayout): void {
  const word = (mask: number, base: number): Assembler => {
    asm.call('random').opValue('and', 'eax', mask).opValue('add', 'eax', base).copy('edi', 'eax');
    return pick(asm, 'words').storeAt('edi', 0, 'eax');
  };
  asm.label('grant');
  word(0x3_fff8, layout.bar1);
  asm.opValue('and', 'eax', 0xffff_0007).storeAt('edi', 0, 'eax');
  pick(asm, 'words').storeAt('edi', 4, 'eax').jump('main');
  asm.label('ring');
  branch(asm, [
    ...repeat('storeIndex', 5),
    ...repeat('consoleIndex', 5),
    ...repeat('storeBytes', 3),
    ...repeat('consoleBytes', 3),
  ]);
  asm.label('storeIndex');
  word(0x1c, layout.xenstoreGfn * 4096 + 2048).jump('kick');
  asm.label('consoleIndex');
  word(0x0c, layout.consoleGfn * 4096 + 3072).jump('kick');
  asm.label('storeBytes');
  word(0xffc, layout.xenstoreGfn * 4096).jump('kick');
  asm.label('consoleBytes');
  word(0xffc, layout.consoleGfn * 4096).jump('kick');
  // EVTCHNOP_send on one of the first ports.
  asm.label('kick').call('random').opValue('and', 'eax', 3).opValue('add', 'eax', 1);
  asm.load('ecx', FuzzVariable.block).storeAt('ecx', 0, 'eax');
  asm.mov('eax', Hypercall.eventChannelOp).mov('ebx', 4).vmcall().jump('main');
  asm.label('anywhere');
  word(0x3b_fffc, UPPER_HALF).jump('main');
}

function instructions(asm: Assembler): void {
  asm.label('special').call('random').opValue('and', 'eax', 3).jumpIf('zero', 'msr');
  asm.opValue('cmp', 'eax', 1).jumpIf('notZero', 'listen');
  asm.call('random').opValue('and', 'eax', 0xff).opValue('add', 'eax', CPUID_FIRST_LEAF);
  asm.cpuid().jump('main');
  asm.label('msr');
  pick(asm, 'words').shiftLeft('eax', 12).push('eax');
  asm.call('random').opValue('and', 'eax', 1).opValue('add', 'eax', HYPERCALL_PAGE_MSR);
  asm.copy('ecx', 'eax').mov('edx', 0).pop('eax');
  // Not over its own code.
  asm.opValue('cmp', 'eax', UPPER_HALF).jumpIf('below', 'main').wrmsr().jump('main');
}

function subroutines(asm: Assembler): void {
  // EAX from the table at ESI; uses EBX.
  asm.label('pick').call('random').opValue('and', 'eax', 15).shiftLeft('eax', 3);
  asm.op('add', 'esi', 'eax').call('random').loadAt('ebx', 'esi').op('and', 'eax', 'ebx');
  asm.loadAt('ebx', 'esi', 4).op('add', 'eax', 'ebx').ret();
  // EAX, by xorshift; uses EDX.
  asm.label('random').load('eax', FuzzVariable.state);
  asm.copy('edx', 'eax').shiftLeft('edx', 13).op('xor', 'eax', 'edx');
  asm.copy('edx', 'eax').shiftRight('edx', 17).op('xor', 'eax', 'edx');
  asm.copy('edx', 'eax').shiftLeft('edx', 5).op('xor', 'eax', 'edx');
  asm.store(FuzzVariable.state, 'eax').ret();
  for (const [name, table] of Object.entries({ words, pointers, numbers, ports, commands })) {
    if (table.length !== 16) throw new Error(`the table of ${name} has ${table.length} entries`);
    asm.align(4).label(name);
    for (const [mask, base] of table) asm.dd(mask).dd(base);
  }
}

function repeat(label: string, count: number): string[] {
  return new Array<string>(count).fill(label);
}
