/**
 * The machine code that V8 made of a WebAssembly module, to keep it beyond the process. V8 has no
 * public way to that but functions for its own tests, which are called by name; where they are missing
 * there is no machine code, and a module is compiled as any other
 * (`docs/adr/0009-machine-code-in-snapshots.md`).
 */
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

interface V8Natives {
  optimise(exported: unknown): void;
  isOptimised(exported: unknown): boolean;
  /** Ends the process where nothing of the module is optimised. */
  serialize(module: WebAssembly.Module): ArrayBuffer;
  /** Undefined: made by another V8, with other flags, or for another processor. */
  deserialize(machineCode: ArrayBuffer, wasm: Uint8Array): WebAssembly.Module | undefined;
}

const NATIVES = `({
  optimise: (exported) => %WasmTierUpFunction(exported),
  isOptimised: (exported) => %IsTurboFanFunction(exported),
  serialize: (module) => %SerializeWasmModule(module),
  deserialize: (machineCode, wasm) => %DeserializeWasmModule(machineCode, wasm),
})`;

let natives: V8Natives | null | undefined;

function v8Natives(): V8Natives | null {
  if (natives !== undefined) return natives;
  // Stays set: V8 reads a function's text again when it has not been called for long.
  setFlagsFromString('--allow-natives-syntax');
  try {
    natives = new Script(NATIVES).runInThisContext() as V8Natives;
  } catch {
    natives = null; // another V8, which does not know one of them
  }
  return natives;
}

/**
 * The machine code of a module with one function, optimised now if it was not: up to a second of this
 * thread. Null where it cannot be had.
 *
 * @param exported that function, of one of its instances
 */
export function machineCodeOf(module: WebAssembly.Module, exported: unknown): Uint8Array | null {
  const v8 = v8Natives();
  if (!v8) return null;
  if (!v8.isOptimised(exported)) v8.optimise(exported);
  return v8.isOptimised(exported) ? new Uint8Array(v8.serialize(module)) : null;
}

/** The module of `wasm` with machine code that was kept; null when this V8 does not take it. */
export function withMachineCode(
  wasm: Uint8Array<ArrayBuffer>,
  machineCode: Uint8Array<ArrayBuffer>,
): WebAssembly.Module | null {
  return v8Natives()?.deserialize(machineCode.buffer, wasm) ?? null;
}
