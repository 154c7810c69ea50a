/**
 * VMCALL and VMMCALL, which the emulated CPU does not know: the undefined opcode is caught and
 * rewritten in place to `out 0xE9, eax; nop`, three bytes as well, which from then on is a hypercall
 * without an exception. KVM patches its guests the same way.
 */
import { Errno } from './abi/index.ts';
import type { GuestMemory } from './engine/guest-memory.ts';
import { FAULT, translate } from './engine/page-walk.ts';
import type { Processor } from './engine/processor.ts';

const INSTRUCTION_BYTES = 3;
const HYPERCALL_INSTRUCTION = [0xe7, 0xe9, 0x90] as const;

/** True when the instruction at the instruction pointer was a hypercall, and is dealt with. */
export function interceptUndefinedOpcode(cpu: Processor, memory: GuestMemory): boolean {
  const at = physicalBytes(cpu, memory, cpu.instructionPointer);
  if (!at) return false;
  const [a, b, c] = at.map((physical) => memory.bytes[physical]);
  const isVmcall = a === 0x0f && b === 0x01 && (c === 0xc1 || c === 0xd9);
  if (!isVmcall) return false;
  if (cpu.privilegeLevel !== 0) {
    cpu.eax = -Errno.EPERM;
    cpu.instructionPointer = (cpu.instructionPointer + INSTRUCTION_BYTES) >>> 0;
    return true;
  }
  at.forEach((physical, index) =>
    memory.write(physical, Uint8Array.of(HYPERCALL_INSTRUCTION[index]!)),
  );
  return true;
}

/** Where the instruction's bytes are; it may cross a page. Null when they cannot be read. */
function physicalBytes(cpu: Processor, memory: GuestMemory, address: number): number[] | null {
  const physical: number[] = [];
  for (let index = 0; index < INSTRUCTION_BYTES; index++) {
    const byte = translate(cpu, memory, (address + index) >>> 0, false);
    if (byte === FAULT || !memory.contains(byte, 1)) return null;
    physical.push(byte);
  }
  return physical;
}
