/**
 * What the emulator does when a fault cannot be delivered: the real processor shuts down then, which
 * Xen takes as a reset. Some systems reset themselves so: an empty interrupt table and an INT3.
 */
import { EmulatorPanic } from './engine/emulator-panic.ts';
import type { GuestMemory } from './engine/guest-memory.ts';
import { FAULT, translate } from './engine/page-walk.ts';
import type { Processor } from './engine/processor.ts';

const GENERAL_PROTECTION = 13;
const GATE_BYTES = 8;
const PRESENT = 0x80;

/**
 * Whether an error thrown by the emulator is a triple fault of its guest. The emulator delivers a
 * fault of a fault by recursion, until the stack ends; or it gives up at once where the interrupt
 * table has no gate, and then it is one if #GP could not have been delivered either.
 */
export function isTripleFault(cpu: Processor, memory: GuestMemory, error: unknown): boolean {
  if (error instanceof RangeError) return error.message.includes('call stack');
  return error instanceof EmulatorPanic && !hasGate(cpu, memory, GENERAL_PROTECTION);
}

function hasGate(cpu: Processor, memory: GuestMemory, vector: number): boolean {
  const end = vector * GATE_BYTES + GATE_BYTES - 1;
  if (end > cpu.idtLimit) return false;
  const access = (cpu.idtBase + vector * GATE_BYTES + 5) >>> 0;
  const at = translate(cpu, memory, access, false);
  return at !== FAULT && memory.contains(at, 1) && (memory.bytes[at]! & PRESENT) !== 0;
}
