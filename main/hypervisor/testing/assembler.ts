/**
 * An assembler for 32-bit protected-mode code, as much of it as small test guests need (Intel SDM
 * vol. 2). Every method emits one instruction; forward references to labels are filled in by
 * `finish`.
 */
export const register = { eax: 0, ecx: 1, edx: 2, ebx: 3, esp: 4, ebp: 5, esi: 6, edi: 7 } as const;
export type Register = keyof typeof register;

/** An immediate or an address: a number, or the name of a label. */
export type Value = number | string;

/** The extension in ModRM of `81 /n`, which also gives the opcode of the register form. */
const arithmetic = { add: 0, or: 1, adc: 2, sbb: 3, and: 4, sub: 5, xor: 6, cmp: 7 } as const;
export type Arithmetic = keyof typeof arithmetic;

/** Condition codes of `0F 8x`. */
const condition = { below: 2, notBelow: 3, zero: 4, notZero: 5, above: 7, less: 12 } as const;
export type Condition = keyof typeof condition;

type Width = 8 | 16 | 32;

interface Fixup {
  at: number;
  label: string;
  kind: 'absolute' | 'relative' | 'low word';
}

export class Assembler {
  readonly origin: number;
  private readonly bytes: number[] = [];
  private readonly labels = new Map<string, number>();
  private readonly fixups: Fixup[] = [];
  private unique = 0;

  constructor(origin: number) {
    this.origin = origin;
  }

  /** Address of the next byte. */
  get here(): number {
    return this.origin + this.bytes.length;
  }

  label(name: string): this {
    if (this.labels.has(name)) throw new Error(`label "${name}" is defined twice`);
    this.labels.set(name, this.here);
    return this;
  }

  /** A name no other label has. */
  freshLabel(): string {
    return `.${this.unique++}`;
  }

  db(...bytes: number[]): this {
    for (const byte of bytes) this.bytes.push(byte & 0xff);
    return this;
  }

  /** Of a label its low half. */
  dw(value: Value): this {
    if (typeof value === 'string') return this.fixup(value, 'low word').db(0, 0);
    return this.db(value, value >> 8);
  }

  dd(value: Value): this {
    if (typeof value === 'string') return this.fixup(value, 'absolute').db(0, 0, 0, 0);
    return this.db(value, value >> 8, value >> 16, value >> 24);
  }

  align(bytes: number): this {
    while (this.here % bytes !== 0) this.db(0x90);
    return this;
  }

  mov(target: Register, value: Value): this {
    return this.db(0xb8 + register[target]).dd(value);
  }
  copy(target: Register, source: Register): this {
    return this.db(0x89, modRm(register[source], register[target]));
  }
  /** mov target, [address] */
  load(target: Register, address: Value): this {
    return this.db(0x8b, absolute(register[target])).dd(address);
  }
  /** mov [address], source */
  store(address: Value, source: Register): this {
    return this.db(0x89, absolute(register[source])).dd(address);
  }
  /** mov dword [address], value */
  storeValue(address: Value, value: Value): this {
    return this.db(0xc7, absolute(0)).dd(address).dd(value);
  }
  /** mov target, [base + offset] */
  loadAt(target: Register, base: Register, offset = 0): this {
    return this.db(0x8b).based(register[target], base).dd(offset);
  }
  /** mov [base + offset], source */
  storeAt(base: Register, offset: number, source: Register): this {
    return this.db(0x89).based(register[source], base).dd(offset);
  }
  /** movzx target, byte [base + offset] */
  loadByteAt(target: Register, base: Register, offset = 0): this {
    return this.db(0x0f, 0xb6).based(register[target], base).dd(offset);
  }
  /** inc dword [address] */
  increment(address: Value): this {
    return this.db(0xff, absolute(0)).dd(address);
  }

  op(operation: Arithmetic, target: Register, source: Register): this {
    return this.db((arithmetic[operation] << 3) | 1, modRm(register[source], register[target]));
  }
  opValue(operation: Arithmetic, target: Register, value: Value): this {
    return this.db(0x81, 0xc0 | (arithmetic[operation] << 3) | register[target]).dd(value);
  }
  /** target = target * value */
  multiply(target: Register, value: number): this {
    return this.db(0x69, modRm(register[target], register[target])).dd(value);
  }
  shiftLeft(target: Register, bits: number): this {
    return this.db(0xc1, 0xe0 | register[target], bits);
  }
  shiftRight(target: Register, bits: number): this {
    return this.db(0xc1, 0xe8 | register[target], bits);
  }
  push(source: Register): this {
    return this.db(0x50 + register[source]);
  }
  pop(target: Register): this {
    return this.db(0x58 + register[target]);
  }
  pushValue(value: Value): this {
    return this.db(0x68).dd(value);
  }

  jump(label: string): this {
    return this.db(0xe9).relative(label);
  }
  jumpIf(code: Condition, label: string): this {
    return this.db(0x0f, 0x80 + condition[code]).relative(label);
  }
  jumpTo(target: Register): this {
    return this.db(0xff, 0xe0 | register[target]);
  }
  call(label: string): this {
    return this.db(0xe8).relative(label);
  }
  callTo(target: Register): this {
    return this.db(0xff, 0xd0 | register[target]);
  }
  ret = (): this => this.db(0xc3);
  pushAll = (): this => this.db(0x60);
  popAll = (): this => this.db(0x61);
  interruptReturn = (): this => this.db(0xcf);
  interrupt = (vector: number): this => this.db(0xcd, vector);
  halt = (): this => this.db(0xf4);
  clearInterrupts = (): this => this.db(0xfa);
  setInterrupts = (): this => this.db(0xfb);
  pause = (): this => this.db(0xf3, 0x90);
  cpuid = (): this => this.db(0x0f, 0xa2);
  wrmsr = (): this => this.db(0x0f, 0x30);
  vmcall = (): this => this.db(0x0f, 0x01, 0xc1);
  vmmcall = (): this => this.db(0x0f, 0x01, 0xd9);

  /** in al/ax/eax, dx */
  in(width: Width): this {
    return this.sized(width, 0xec);
  }
  /** out dx, al/ax/eax */
  out(width: Width): this {
    return this.sized(width, 0xee);
  }

  toControl(index: 0 | 3 | 4, source: Register): this {
    return this.db(0x0f, 0x22, 0xc0 | (index << 3) | register[source]);
  }
  fromControl(target: Register, index: 0 | 2 | 3 | 4): this {
    return this.db(0x0f, 0x20, 0xc0 | (index << 3) | register[target]);
  }
  loadGdt(pointer: Value): this {
    return this.db(0x0f, 0x01, absolute(2)).dd(pointer);
  }
  loadIdt(pointer: Value): this {
    return this.db(0x0f, 0x01, absolute(3)).dd(pointer);
  }

  /** The code, loaded at `origin`. Throws for a label that was used and never defined. */
  finish(): Uint8Array<ArrayBuffer> {
    const out = Uint8Array.from(this.bytes);
    const view = new DataView(out.buffer);
    for (const { at, label, kind } of this.fixups) {
      const target = this.labels.get(label);
      if (target === undefined) throw new Error(`label "${label}" is not defined`);
      if (kind === 'low word') view.setUint16(at, target & 0xffff, true);
      else view.setInt32(at, kind === 'relative' ? target - (this.origin + at + 4) : target, true);
    }
    return out;
  }

  private relative(label: string): this {
    return this.fixup(label, 'relative').db(0, 0, 0, 0);
  }

  private fixup(label: string, kind: Fixup['kind']): this {
    this.fixups.push({ at: this.bytes.length, label, kind });
    return this;
  }

  /** ModRM for [base + disp32]; ESP needs a SIB byte. */
  private based(field: number, base: Register): this {
    this.db(0x80 | (field << 3) | register[base]);
    return base === 'esp' ? this.db(0x24) : this;
  }

  private sized(width: Width, opcode: number): this {
    if (width === 16) this.db(0x66);
    return this.db(width === 8 ? opcode : opcode + 1);
  }
}

const modRm = (field: number, target: number): number => 0xc0 | (field << 3) | target;
/** ModRM for [disp32]. */
const absolute = (field: number): number => (field << 3) | 5;
