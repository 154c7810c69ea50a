/** How V8 treats WebAssembly, in the whole process: said before the emulator is compiled. */
import { setFlagsFromString } from 'node:v8';

export function prepareV8(): void {
  // Else V8 compiles a function when it is first called, on its guest's thread.
  setFlagsFromString('--no-wasm-lazy-compilation');
  // Else it frees code that is used no more, and may end the process over it (docs/adr/0018).
  setFlagsFromString('--no-wasm-code-gc');
}
