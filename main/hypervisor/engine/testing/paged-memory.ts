/** A processor and a memory without an emulator: registers and bytes, for tests of address walks. */
import { Cr0, Cr4, CpuAddress } from '../cpu-layout.ts';
import { GuestMemory } from '../guest-memory.ts';
import { Processor } from '../processor.ts';

/** Where the guest's memory starts in the linear memory; before it lie the registers. */
const BASE = 0x1_0000;
const WASM_PAGE = 0x1_0000;

export class PagedMemory {
  readonly cpu: Processor;
  readonly memory: GuestMemory;
  /** Ranges of generated code that were declared void. */
  readonly dirtied: [start: number, end: number][] = [];
  private readonly registers: Int32Array;

  constructor(bytes: number) {
    const memory = new WebAssembly.Memory({ initial: (BASE + bytes) / WASM_PAGE });
    this.registers = new Int32Array(memory.buffer, 0, 1024);
    this.cpu = new Processor(memory);
    const jit_dirty_cache = (start: number, end: number): void =>
      void this.dirtied.push([start, end]);
    const unlogged = {
      dirty_map: { value: 0 },
      dirty_by_linear_page: { value: 0 },
      full_clear_tlb: () => undefined,
      v86_malloc: () => 0,
    };
    this.memory = new GuestMemory({ memory, jit_dirty_cache, ...unlogged }, BASE, bytes);
  }

  /** Paging on; `root` is CR3, and for PAE the four pointers are loaded from there. */
  turnOn(
    kind: 'two-level' | 'pae',
    root: number,
    options: { writeProtect?: boolean; largePages?: boolean } = {},
  ): void {
    const { writeProtect = true, largePages = true } = options;
    this.control(0, Cr0.protection | Cr0.paging | (writeProtect ? Cr0.writeProtect : 0));
    this.control(3, root);
    const pae = kind === 'pae' ? Cr4.physicalAddressExtension : 0;
    this.control(4, pae | (largePages ? Cr4.pageSizeExtension : 0));
    for (let pointer = 0; kind === 'pae' && pointer < 4; pointer++) {
      const word = CpuAddress.pageDirectoryPointers / 4 + pointer * 2;
      this.registers[word] = this.memory.view.getInt32(root + pointer * 8, true);
    }
  }

  put(address: number, value: number): void {
    this.memory.view.setUint32(address, value, true);
  }

  private control(index: number, value: number): void {
    this.registers[CpuAddress.controlRegisters / 4 + index] = value;
  }
}
