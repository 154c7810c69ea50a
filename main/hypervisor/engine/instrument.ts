/**
 * Puts the hooks a hypervisor needs into the emulator's WebAssembly: CPUID, WRMSR, the undefined
 * opcode (which VMCALL is to this emulator) and the log of written pages. The first three are a few
 * instructions in front of a function found by name, which call an import that exists already with a
 * port number no guest can name.
 *
 * Nothing is added to a path that a guest's ordinary instructions take: no cost where no hook is.
 */
import { CpuAddress } from './cpu-layout.ts';
import { PAGE_SHIFT } from './page.ts';
import { encodeI32, encodeU32 } from './wasm/leb128.ts';
import { WasmModule } from './wasm/module.ts';

/** "Ports" above the 16 bits a guest can address. */
export const HookPort = {
  /** CPUID with a leaf in 0x40000000..0x400000ff; registers are in place. */
  cpuid: 0x1_0000,
  /** WRMSR by ring 0 with an index in 0x40000000..0x400000ff. */
  writeMsr: 0x1_0001,
  /** #UD is about to be delivered. The handler answers 1 when it has dealt with it. */
  undefinedOpcode: 0x1_0002,
} as const;

/** Variables that are added: where the log of written pages is (`dirty-log.ts`). */
export const DirtyGlobal = {
  /** Address of the bytes, one for each page of physical memory; 0: nothing is logged. */
  map: 'dirty_map',
  /** The same less the number, within the linear memory, of the page where physical memory starts. */
  byLinearPage: 'dirty_by_linear_page',
} as const;

/** First byte of the i32 registers in linear memory, in the order of the instruction encoding. */
const REGISTERS = 64;
const EAX = REGISTERS;
const ECX = REGISTERS + 4;
/** u8: current privilege level. */
const PRIVILEGE_LEVEL = 612;
const UNDEFINED_OPCODE = 6;
/** u32: bytes of physical memory that are memory. */
const MEMORY_SIZE = CpuAddress.memorySize;
/** Of a TLB entry: not memory, but a device's. */
const TLB_IN_MAPPED_RANGE = 1 << 3;

const op = {
  if: 0x04,
  end: 0x0b,
  return: 0x0f,
  call: 0x10,
  localGet: 0x20,
  localTee: 0x22,
  globalGet: 0x23,
  i32Load: 0x28,
  i32Load8u: 0x2d,
  i32Store8: 0x3a,
  i32Const: 0x41,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32LtU: 0x49,
  i32Add: 0x6a,
  i32And: 0x71,
  i32Xor: 0x73,
  i32ShrU: 0x76,
  i32: 0x7f,
  emptyBlock: 0x40,
} as const;

const i32Const = (value: number): number[] => [op.i32Const, ...encodeI32(value)];
const load = (address: number): number[] => [...i32Const(address), op.i32Load, 2, 0];

/** The instrumented module, as bytes. Throws when a name is missing: then it is another build. */
export function instrument(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const module = new WasmModule(wasm);
  const callWrite = [op.call, ...encodeU32(module.functionIndex('io_port_write32'))];
  const callRead = [op.call, ...encodeU32(module.functionIndex('io_port_read32'))];

  /** if ((register & ~0xff) == 0x40000000 and the further condition) { hook(port); return } */
  const onHypervisorRange = (register: number, port: number, and: number[] = []): number[] => [
    ...load(register),
    ...i32Const(~0xff),
    op.i32And,
    ...i32Const(0x4000_0000),
    op.i32Eq,
    ...and,
    op.if,
    op.emptyBlock,
    ...i32Const(port),
    ...i32Const(0),
    ...callWrite,
    op.return,
    op.end,
  ];

  module.prepend('instr_0FA2', onHypervisorRange(EAX, HookPort.cpuid));
  // A user's WRMSR goes on to the function's own check, which raises #GP.
  const fromRing0 = [...i32Const(PRIVILEGE_LEVEL), op.i32Load8u, 0, 0, op.i32Eqz, op.i32And];
  module.prepend('instr_0F30', onHypervisorRange(ECX, HookPort.writeMsr, fromRing0));
  // if (vector == 6 && hook()) return
  module.prepend('call_interrupt_vector', [
    op.localGet,
    0,
    ...i32Const(UNDEFINED_OPCODE),
    op.i32Eq,
    op.if,
    op.emptyBlock,
    ...i32Const(HookPort.undefinedOpcode),
    ...callRead,
    op.if,
    op.emptyBlock,
    op.return,
    op.end,
    op.end,
  ]);
  logWrites(module);
  return module.encode();
}

/**
 * A page is logged when the guest's first write to it goes through the page tables: the emulator
 * keeps an entry of its TLB read-only until then. What the walk itself writes (accessed and dirty
 * bits), and what devices write byte by byte, goes through `write8` to `write32`.
 */
function logWrites(module: WasmModule): void {
  const map = [op.globalGet, ...encodeU32(module.addGlobal(DirtyGlobal.map))];
  const byLinearPage = [op.globalGet, ...encodeU32(module.addGlobal(DirtyGlobal.byLinearPage))];
  const pageOf = [...i32Const(PAGE_SHIFT), op.i32ShrU];
  const set = [op.i32Add, ...i32Const(1), op.i32Store8, 0, 0];
  const when = (condition: readonly number[], then: readonly number[]): number[] => [
    ...condition,
    op.if,
    op.emptyBlock,
    ...then,
    op.end,
  ];

  const [address, forWriting, entry] = [0, 1, 5].map((local) => [op.localGet, local]) as [
    number[],
    number[],
    number[],
  ];
  // do_page_walk(address, forWriting, user, jit, sideEffects): a TLB entry, 0 for a fault. The entry is
  // (linear address of the page ^ the address's page) | flags.
  const isMemory = [...entry, ...i32Const(TLB_IN_MAPPED_RANGE), op.i32And, op.i32Eqz];
  module.wrap('do_page_walk', (inner) => [
    ...[1, 1, op.i32],
    ...[0, 1, 2, 3, 4].flatMap((local) => [op.localGet, local]),
    ...[op.call, ...encodeU32(inner), op.localTee, 5],
    ...[op.if, op.emptyBlock],
    ...when(
      forWriting,
      when(
        map,
        when(isMemory, [...byLinearPage, ...entry, ...address, op.i32Xor, ...pageOf, ...set]),
      ),
    ),
    op.end,
    ...entry,
    op.end,
  ]);
  // writeN(physical address, value)
  const inMemory = [...address, ...load(MEMORY_SIZE), op.i32LtU];
  const log = when(map, when(inMemory, [...map, ...address, ...pageOf, ...set]));
  for (const name of ['write8', 'write16', 'write32']) module.prepend(name, log);
}
