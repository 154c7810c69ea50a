/**
 * Makes an emulator from the shared compiled module, with the engine's own imports in place.
 *
 * The emulator's JavaScript binds `performance.now` once, when its module is evaluated, for all its
 * devices' clocks: it is lent the guest clock during the import. One engine a thread, therefore.
 */
import type { V86Emulator, V86Exports, V86Imports } from './v86-internals.ts';

interface V86Constructor {
  new (options: Record<string, unknown>): V86Emulator;
}

let constructorPromise: Promise<V86Constructor> | undefined;
let deviceNow: () => number = () => 0;

function loadConstructor(): Promise<V86Constructor> {
  constructorPromise ??= (async () => {
    const own = performance.now;
    performance.now = () => deviceNow();
    try {
      const { V86 } = (await import('v86')) as unknown as { V86: V86Constructor };
      return V86;
    } finally {
      performance.now = own;
    }
  })();
  return constructorPromise;
}

/** Evaluates the emulator's JavaScript ahead of time, for a thread that waits for its domain. */
export async function warmUp(): Promise<void> {
  await loadConstructor();
}

/** What the engine changes of the emulator while it is made. */
export interface EmulatorChanges {
  replaceImports(imports: V86Imports, exports: () => V86Exports): void;
  /** Told of what is written to physical memory from outside of the emulated processor. */
  wrote(start: number, end: number): void;
}

export interface LoadedEmulator {
  emulator: V86Emulator;
  exports: V86Exports;
  /** First byte of guest memory in the linear memory. */
  memoryBase: number;
}

export async function loadEmulator(
  module: WebAssembly.Module,
  memoryBytes: number,
  now: () => number,
  { replaceImports, wrote }: EmulatorChanges,
): Promise<LoadedEmulator> {
  deviceNow = now;
  const V86 = await loadConstructor();
  let exports: V86Exports | undefined;
  let memoryBase = 0;
  const wasm_fn = async (imports: { env: V86Imports & Record<string, unknown> }) => {
    replaceImports(imports.env, () => exports!);
    const instance = await WebAssembly.instantiate(module, imports as never);
    const real = instance.exports as unknown as V86Exports;
    exports = {
      ...real,
      allocate_memory: (bytes: number) => (memoryBase = real.allocate_memory(bytes)),
      jit_dirty_cache: (start: number, end: number) => {
        wrote(start, end);
        real.jit_dirty_cache(start, end);
      },
    };
    return exports;
  };
  const emulator = new V86({
    wasm_fn,
    memory_size: memoryBytes,
    vga_memory_size: 256 * 1024,
    acpi: true,
    autostart: false,
    disable_keyboard: true,
    disable_mouse: true,
    disable_speaker: true,
    net_device: { type: 'none' },
  });
  await new Promise<void>((resolve) => emulator.add_listener('emulator-loaded', () => resolve()));
  return { emulator, exports: exports!, memoryBase };
}
