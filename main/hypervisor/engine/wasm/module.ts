/**
 * Just enough of the WebAssembly binary format (spec chapter 5) to put instructions in front of and
 * around named functions, and to add variables: sections are kept as bytes, only the code section is
 * taken apart.
 */
import { ByteReader, encodeU32 } from './leb128.ts';

const SectionId = { custom: 0, import: 2, function: 3, global: 6, export: 7, code: 10 } as const;
/** Also of exports. */
const ImportKind = { function: 0, table: 1, memory: 2, global: 3 } as const;
/** (global (mut i32) (i32.const 0)) */
const MUTABLE_I32 = [0x7f, 1, 0x41, 0, 0x0b];

const AMBIGUOUS = -1;

interface Section {
  id: number;
  bytes: Uint8Array;
}

export class WasmModule {
  private readonly sections: Section[];
  /** Function index by name, from the imports, the exports and the name section. */
  private readonly indexByName = new Map<string, number>();
  /** Names of imports and exports. */
  private readonly outerNames = new Set<string>();
  private importedFunctions = 0;
  private importedGlobals = 0;
  /** Bodies of the functions that are not imported, without their size prefix. */
  private readonly bodies: Uint8Array[] = [];

  constructor(bytes: Uint8Array) {
    this.sections = readSections(bytes);
    for (const section of this.sections) {
      if (section.id === SectionId.import) this.readImports(section.bytes);
    }
    for (const section of this.sections) {
      if (section.id === SectionId.export) this.readExports(section.bytes);
      if (section.id === SectionId.code) this.readBodies(section.bytes);
      if (section.id === SectionId.custom) this.readNames(section.bytes);
    }
  }

  /** The index of a function by its name; throws when the module has none of that name. */
  functionIndex(name: string): number {
    const index = this.indexByName.get(name);
    if (index === AMBIGUOUS) {
      throw new Error(`the emulator's module has several functions "${name}"`);
    }
    if (index === undefined) throw new Error(`the emulator's module has no function "${name}"`);
    return index;
  }

  /** Puts `instructions` (encoded, stack-neutral) in front of a function's body. */
  prepend(name: string, instructions: readonly number[]): void {
    const at = this.functionIndex(name) - this.importedFunctions;
    const body = this.bodies[at];
    if (!body) throw new Error(`"${name}" is imported by the emulator's module, not defined in it`);
    const start = skipLocals(body);
    const out = new Uint8Array(body.length + instructions.length);
    out.set(body.subarray(0, start));
    out.set(instructions, start);
    out.set(body.subarray(start), start + instructions.length);
    this.bodies[at] = out;
  }

  /**
   * Puts a function around another: whoever called that calls this. `body` (local declarations,
   * instructions and the end, encoded) has the same parameters and results, and is told the index by
   * which it can call the function it is around.
   */
  wrap(name: string, body: (inner: number) => readonly number[]): void {
    const at = this.functionIndex(name) - this.importedFunctions;
    const original = this.bodies[at];
    if (!original) {
      throw new Error(`"${name}" is imported by the emulator's module, not defined in it`);
    }
    const types = readU32s(this.section(SectionId.function).bytes);
    this.addItem(SectionId.function, encodeU32(types[at]!));
    const inner = this.importedFunctions + this.bodies.push(original) - 1;
    this.bodies[at] = Uint8Array.from(body(inner));
  }

  /** A variable of 32 bits, zero at first, exported under that name; returns its index. */
  addGlobal(exportName: string): number {
    const index = this.importedGlobals + this.addItem(SectionId.global, MUTABLE_I32);
    const name = new TextEncoder().encode(exportName);
    const entry = [...encodeU32(name.length), ...name, ImportKind.global, ...encodeU32(index)];
    this.addItem(SectionId.export, entry);
    return index;
  }

  encode(): Uint8Array<ArrayBuffer> {
    const parts: Uint8Array[] = [Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)];
    for (const section of this.sections) {
      const bytes = section.id === SectionId.code ? this.encodeBodies() : section.bytes;
      parts.push(Uint8Array.of(section.id, ...encodeU32(bytes.length)), bytes);
    }
    return concatenate(parts);
  }

  private encodeBodies(): Uint8Array {
    const parts: Uint8Array[] = [Uint8Array.from(encodeU32(this.bodies.length))];
    for (const body of this.bodies) parts.push(Uint8Array.from(encodeU32(body.length)), body);
    return concatenate(parts);
  }

  private section(id: number): Section {
    const section = this.sections.find((each) => each.id === id);
    if (section) return section;
    throw new Error(`the emulator's module has no section ${id}`);
  }

  /** At the end of a section that is a vector; returns how many it had. */
  private addItem(id: number, item: readonly number[]): number {
    const section = this.section(id);
    const reader = new ByteReader(section.bytes);
    const count = reader.u32();
    const items = section.bytes.subarray(reader.at);
    section.bytes = concatenate([
      Uint8Array.from(encodeU32(count + 1)),
      items,
      Uint8Array.from(item),
    ]);
    return count;
  }

  private readImports(bytes: Uint8Array): void {
    const reader = new ByteReader(bytes);
    for (let count = reader.u32(); count > 0; count--) {
      reader.name();
      const field = reader.name();
      const kind = reader.u8();
      if (kind === ImportKind.function) {
        reader.u32();
        this.outerNames.add(field);
        this.indexByName.set(field, this.importedFunctions++);
      } else if (kind === ImportKind.table || kind === ImportKind.memory) {
        if (kind === ImportKind.table) reader.u8();
        const limits = reader.u8();
        reader.u32();
        if (limits & 1) reader.u32();
      } else {
        reader.take(2);
        this.importedGlobals++;
      }
    }
  }

  private readExports(bytes: Uint8Array): void {
    const reader = new ByteReader(bytes);
    for (let count = reader.u32(); count > 0; count--) {
      const field = reader.name();
      const kind = reader.u8();
      const index = reader.u32();
      if (kind !== ImportKind.function) continue;
      this.outerNames.add(field);
      this.indexByName.set(field, index);
    }
  }

  private readBodies(bytes: Uint8Array): void {
    const reader = new ByteReader(bytes);
    for (let count = reader.u32(); count > 0; count--) this.bodies.push(reader.take(reader.u32()));
  }

  /** Imports and exports come first and win; a name two inner functions share names neither. */
  private addName(name: string, index: number): void {
    const known = this.indexByName.get(name);
    if (known === undefined) this.indexByName.set(name, index);
    else if (known !== index && !this.outerNames.has(name)) this.indexByName.set(name, AMBIGUOUS);
  }

  private readNames(bytes: Uint8Array): void {
    const reader = new ByteReader(bytes);
    if (reader.name() !== 'name') return;
    while (!reader.done) {
      const subsection = reader.u8();
      const content = new ByteReader(reader.take(reader.u32()));
      if (subsection !== 1) continue;
      for (let count = content.u32(); count > 0; count--) {
        const index = content.u32();
        const name = content.name();
        this.addName(lastPathComponent(name), index);
      }
    }
  }
}

/**
 * The function's own name out of a Rust v0 mangled symbol (`_RNvNtNtCs…3cpu21call_interrupt_vector`
 * ends in a length and a name); any other name as it is.
 */
function lastPathComponent(symbol: string): string {
  if (!symbol.startsWith('_R')) return symbol;
  for (let digits = /\d+/g, match; (match = digits.exec(symbol)) !== null;) {
    // "u3cpu21call" has digits inside names too: the right length is the one that ends the symbol.
    for (let from = 0; from < match[0].length; from++) {
      const start = digits.lastIndex + (symbol[digits.lastIndex] === '_' ? 1 : 0);
      if (Number(match[0].slice(from)) === symbol.length - start) return symbol.slice(start);
    }
  }
  return symbol;
}

function readSections(bytes: Uint8Array): Section[] {
  const reader = new ByteReader(bytes);
  const magic = reader.take(8);
  if (magic[0] !== 0 || magic[1] !== 0x61 || magic[2] !== 0x73 || magic[3] !== 0x6d) {
    throw new Error('the emulator is not a WebAssembly module');
  }
  const sections: Section[] = [];
  while (!reader.done) {
    const id = reader.u8();
    sections.push({ id, bytes: reader.take(reader.u32()) });
  }
  return sections;
}

function readU32s(vector: Uint8Array): number[] {
  const reader = new ByteReader(vector);
  return Array.from({ length: reader.u32() }, () => reader.u32());
}

/** Where the instructions start: after the vector of local declarations. */
function skipLocals(body: Uint8Array): number {
  const reader = new ByteReader(body);
  for (let count = reader.u32(); count > 0; count--) {
    reader.u32();
    reader.u8();
  }
  return reader.at;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
