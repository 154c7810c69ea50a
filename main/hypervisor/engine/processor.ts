/** The virtual CPU's registers, read and changed from inside one of its instructions. */
import { CpuAddress, FLAG_VM } from './cpu-layout.ts';

const word = (address: number): number => address >> 2;
const REG = word(CpuAddress.registers);

export class Processor {
  private readonly memory: WebAssembly.Memory;
  private words = new Int32Array(0);
  private bytes = new Uint8Array(0);

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
  }

  private look(): Int32Array {
    if (this.words.length === 0) {
      this.words = new Int32Array(this.memory.buffer, 0, 1024);
      this.bytes = new Uint8Array(this.memory.buffer, 0, 4096);
    }
    return this.words;
  }

  get eax(): number {
    return this.look()[REG]!;
  }
  set eax(value: number) {
    this.look()[REG] = value;
  }
  get ecx(): number {
    return this.look()[REG + 1]!;
  }
  set ecx(value: number) {
    this.look()[REG + 1] = value;
  }
  get edx(): number {
    return this.look()[REG + 2]!;
  }
  set edx(value: number) {
    this.look()[REG + 2] = value;
  }
  get ebx(): number {
    return this.look()[REG + 3]!;
  }
  set ebx(value: number) {
    this.look()[REG + 3] = value;
  }
  get esi(): number {
    return this.look()[REG + 6]!;
  }
  get edi(): number {
    return this.look()[REG + 7]!;
  }

  /** Linear address of the next instruction. */
  get instructionPointer(): number {
    return this.look()[word(CpuAddress.instructionPointer)]! >>> 0;
  }
  set instructionPointer(address: number) {
    this.look()[word(CpuAddress.instructionPointer)] = address | 0;
  }

  /** CR0, CR3, CR4 …, as unsigned. */
  control(index: 0 | 2 | 3 | 4): number {
    return this.look()[word(CpuAddress.controlRegisters) + index]! >>> 0;
  }

  /** Low word of a page-directory pointer (PAE); this emulator has 32 physical address bits. */
  pageDirectoryPointer(index: number): number {
    return this.look()[word(CpuAddress.pageDirectoryPointers) + index * 2]! >>> 0;
  }

  /** Ring 0 to 3; virtual-8086 code counts as 3. */
  get privilegeLevel(): number {
    const words = this.look();
    if (words[word(CpuAddress.flags)]! & FLAG_VM) return 3;
    return this.bytes[CpuAddress.privilegeLevel]!;
  }

  get halted(): boolean {
    this.look();
    return this.bytes[CpuAddress.halted] === 1;
  }

  /** Executed since the start, modulo 2^32. */
  get instructions(): number {
    return this.look()[word(CpuAddress.instructionCounter)]! >>> 0;
  }

  get idtBase(): number {
    return this.look()[word(CpuAddress.idtBase)]! >>> 0;
  }

  get idtLimit(): number {
    return this.look()[word(CpuAddress.idtLimit)]!;
  }

  get flags(): number {
    return this.look()[word(CpuAddress.flags)]!;
  }
}
