/**
 * Puts the hooks a hypervisor needs into the emulator's WebAssembly: CPUID, WRMSR and the undefined
 * opcode (which VMCALL is to this emulator). Each is a few instructions in front of a function
 * found by name, which call an import that exists already with a port number no guest can name.
 *
 * Nothing is added to a path that a guest's ordinary instructions take: no cost where no hook is.
 */
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

/** First byte of the i32 registers in linear memory, in the order of the instruction encoding. */
const REGISTERS = 64;
const EAX = REGISTERS;
const ECX = REGISTERS + 4;
/** u8: current privilege level. */
const PRIVILEGE_LEVEL = 612;
const UNDEFINED_OPCODE = 6;

const op = {
  if: 0x04,
  end: 0x0b,
  return: 0x0f,
  call: 0x10,
  localGet: 0x20,
  i32Load: 0x28,
  i32Load8u: 0x2d,
  i32Const: 0x41,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32And: 0x71,
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
  return module.encode();
}
