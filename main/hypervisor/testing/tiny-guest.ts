/**
 * Small guests in machine code, as kernel files: so that tests run real instructions on the real
 * engine in milliseconds.
 *
 * The prologue that each gets: flat segments for rings 0 and 3, a stack, a task state, an interrupt
 * table whose handlers note what came, and, if wished, paging with write protection. An exception
 * ends the guest; an interrupt is counted.
 */
import type { KernelImage } from '../builder/build.ts';
import { Assembler } from './assembler.ts';
import { bzImage } from './bz-image.ts';
import type { Paging } from './page-tables.ts';
import { PAGE_ROOT, writePageTables } from './page-tables.ts';
import { Place, Variable } from './places.ts';

export interface TinyGuestOptions {
  paging?: Paging | undefined;
  /** Code that an exception jumps to, instead of ending the guest; the stack is empty there. */
  recoverAt?: string;
  /** Code that interrupt vectors jump to, instead of the counting handler. */
  handlers?: Readonly<Record<number, string>>;
  /** Vectors that user code may call by INT. */
  userVectors?: readonly number[];
}

export const Selector = {
  code: 0x08,
  data: 0x10,
  userCode: 0x1b,
  userData: 0x23,
  task: 0x28,
} as const;

const CR0_PAGING = 0x8001_0000;
const CR4_PAGING = 0x30;
const LOCAL_APIC_EOI = 0xfee000b0;
/** Spurious-interrupt register: bit 8 switches the local APIC on. */
const LOCAL_APIC_SVR = 0xfee000f0;

/** Exceptions that push an error code. */
const WITH_ERROR = new Set([8, 10, 11, 12, 13, 14, 17]);
const EXCEPTIONS = 32;
const VECTORS = 256;

/** A kernel whose code, after the prologue, is what `body` assembles. */
export function tinyGuest(
  body: (asm: Assembler) => void,
  options: TinyGuestOptions = {},
): KernelImage {
  const asm = new Assembler(Place.code);
  prologue(asm, options);
  body(asm);
  asm.label('end').clearInterrupts().halt().jump('end');
  interruptStubs(asm, options);
  descriptorTables(asm, options);
  const code = asm.finish();
  if (code.length > Place.codeEnd - Place.code) throw new Error('a tiny guest outgrew its place');
  const image = options.paging ? withPageTables(code, options.paging) : code;
  return { kernel: bzImage(image), initrd: new Uint8Array(1), cmdline: 'tiny' };
}

/** The tables follow the code's place in the image. */
function withPageTables(code: Uint8Array, paging: Paging): Uint8Array {
  const image = new Uint8Array(Place.tablesEnd - Place.code);
  const view = new DataView(image.buffer);
  image.set(code);
  writePageTables(paging, (address, value) => view.setUint32(address - Place.code, value, true));
  return image;
}

function prologue(asm: Assembler, { paging }: TinyGuestOptions): void {
  asm.mov('esp', Place.stackTop).loadGdt('gdtPointer').loadIdt('idtPointer');
  asm.db(0xea).dd('segments').dw(Selector.code).label('segments');
  asm.mov('eax', Selector.data);
  for (const field of [0xd8, 0xc0, 0xd0, 0xe0, 0xe8]) asm.db(0x8e, field); // ds es ss fs gs
  asm
    .storeValue(Place.taskState + 4, Place.stackTop)
    .storeValue(Place.taskState + 8, Selector.data);
  asm.storeValue(Place.taskState + 0x64, 104 << 16); // no map of permitted ports
  asm.mov('eax', Selector.task).db(0x0f, 0x00, 0xd8); // ltr ax
  if (paging) {
    asm.mov('eax', paging === 'pae' ? CR4_PAGING : 0x10).toControl(4, 'eax');
    asm.mov('eax', PAGE_ROOT).toControl(3, 'eax');
    asm.fromControl('eax', 0).opValue('or', 'eax', CR0_PAGING).toControl(0, 'eax');
  }
  // No interrupts of the legacy controllers; those of the local APIC.
  asm.mov('eax', 0xff).mov('edx', 0x21).out(8).mov('edx', 0xa1).out(8);
  asm.storeValue(LOCAL_APIC_SVR, 0x1ff);
}

/** One stub a vector: pushes an error code where the processor does not, and the vector. */
function interruptStubs(asm: Assembler, { handlers = {}, recoverAt }: TinyGuestOptions): void {
  for (let vector = 0; vector < VECTORS; vector++) {
    asm.label(`stub${vector}`);
    const own = handlers[vector];
    if (own !== undefined) {
      asm.jump(own);
      continue;
    }
    if (!(vector < EXCEPTIONS && WITH_ERROR.has(vector))) asm.pushValue(0);
    asm.pushValue(vector).jump(vector < EXCEPTIONS ? 'exception' : 'interrupted');
  }
  asm.label('exception').pop('eax').pop('ebx').pop('ecx');
  asm.store(Variable.faultError, 'ebx').store(Variable.faultAddress, 'ecx');
  asm.opValue('add', 'eax', 1).store(Variable.fault, 'eax');
  if (recoverAt === undefined) asm.jump('end');
  else asm.mov('esp', Place.stackTop).jump(recoverAt);

  asm.label('interrupted').push('eax').loadAt('eax', 'esp', 4);
  asm.store(Variable.lastInterrupt, 'eax').increment(Variable.interrupts);
  asm.load('eax', Variable.clears).opValue('cmp', 'eax', 0).jumpIf('zero', 'nothingToClear');
  asm.db(0xc6, 0x00, 0x00); // mov byte [eax], 0
  asm.label('nothingToClear');
  asm.load('eax', Variable.acknowledge).opValue('cmp', 'eax', 0).jumpIf('zero', 'resume');
  asm.storeValue(LOCAL_APIC_EOI, 0);
  asm.label('resume').pop('eax').opValue('add', 'esp', 8).interruptReturn();
}

function descriptorTables(asm: Assembler, { userVectors = [] }: TinyGuestOptions): void {
  asm.align(8).label('gdt');
  asm.dd(0).dd(0);
  for (const access of [0x9a, 0x92, 0xfa, 0xf2]) asm.dw(0xffff).dw(0).db(0, access, 0xcf, 0);
  asm
    .dw(103)
    .dw(Place.taskState & 0xffff)
    .db(Place.taskState >> 16, 0x89, 0, 0);
  asm.label('gdtPointer').dw(47).dd('gdt');
  asm.align(8).label('idt');
  for (let vector = 0; vector < VECTORS; vector++) {
    const access = userVectors.includes(vector) ? 0xee : 0x8e;
    asm
      .dw(`stub${vector}`)
      .dw(Selector.code)
      .db(0, access)
      .dw(Place.code >> 16);
  }
  asm
    .label('idtPointer')
    .dw(VECTORS * 8 - 1)
    .dd('idt');
}

/** Goes on at a label in ring 3, with the right to use ports. */
export function enterUser(asm: Assembler, label: string): void {
  asm.pushValue(Selector.userData).pushValue(Place.userStackTop).pushValue(IOPL_3);
  asm.pushValue(Selector.userCode).pushValue(label);
  asm.mov('eax', Selector.userData);
  for (const field of [0xd8, 0xc0]) asm.db(0x8e, field); // ds es
  asm.interruptReturn();
}

const IOPL_3 = 0x3002;
