/**
 * Compiles the WebAssembly that the emulator generates from hot guest code.
 *
 * Compilation is asynchronous and finishes on the thread's event loop, which a sleeping domain
 * never enters: the run loop looks at `pending` and turns the event loop while there is any.
 */
import type { V86Cpu, V86Exports } from './v86-internals.ts';

/** Generated code beyond this is thrown away as a whole: the guest's hot code comes back by itself. */
const LIMIT_BYTES = 64 * 1024 * 1024;
/** First slot of the function table that belongs to generated code. */
const TABLE_OFFSET = 1024;

export class CodeCompiler {
  /** Started and not yet finished. */
  pending = 0;
  /** Bytes of generated modules that are in use, by table slot summed. */
  bytes = 0;
  private readonly sizes = new Map<number, number>();
  private cpu!: V86Cpu;
  private exports!: V86Exports;

  attach(cpu: V86Cpu, exports: V86Exports): void {
    this.cpu = cpu;
    this.exports = exports;
  }

  compile(index: number, start: number, flags: number, ptr: number, len: number): void {
    const code = new Uint8Array(this.exports.memory.buffer, ptr >>> 0, len >>> 0).slice();
    this.pending++;
    void this.finish(index, start, flags, code);
  }

  private async finish(
    index: number,
    start: number,
    flags: number,
    code: Uint8Array,
  ): Promise<void> {
    const module = await WebAssembly.compile(code);
    const instance = new WebAssembly.Instance(module, { e: this.cpu.jit_imports as never });
    this.cpu.wm.wasm_table.set(index + TABLE_OFFSET, instance.exports['f']);
    this.exports.codegen_finalize_finished(index, start, flags);
    this.bytes += code.length - (this.sizes.get(index) ?? 0);
    this.sizes.set(index, code.length);
    this.pending--;
    if (this.bytes > LIMIT_BYTES) this.clear();
  }

  private clear(): void {
    this.exports.jit_clear_cache_js();
    this.sizes.clear();
    this.bytes = 0;
  }
}
