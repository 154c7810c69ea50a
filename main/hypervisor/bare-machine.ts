/**
 * The emulated PC before it is anybody's: making it takes a tenth of a second, so a thread that waits
 * for its domain makes one ahead, of the size that was wanted last.
 */
import { memoryLayout } from './builder/memory-layout.ts';
import type { MemoryLayout } from './builder/memory-layout.ts';
import { Engine } from './engine/engine.ts';
import { GuestClock } from './engine/guest-clock.ts';

export interface BareMachine {
  readonly memoryKiB: number;
  readonly layout: MemoryLayout;
  /** Memory zeroed, clock frozen at 0, nobody's hooks. */
  readonly engine: Engine;
  /** What its clock goes by, ms. */
  readonly monotonicMs: () => number;
}

/** @param memoryKiB RAM that a kernel finds; a multiple of 4 */
export async function makeMachine(
  module: WebAssembly.Module,
  memoryKiB: number,
  monotonicMs: () => number,
): Promise<BareMachine> {
  const layout = memoryLayout(memoryKiB);
  const engine = await Engine.create(module, layout.engineBytes, new GuestClock(monotonicMs));
  return { memoryKiB, layout, engine, monotonicMs };
}
