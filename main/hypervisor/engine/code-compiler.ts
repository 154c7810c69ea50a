/**
 * Compiles the WebAssembly that the emulator generates from hot guest code.
 *
 * Compilation is asynchronous and finishes on the thread's event loop, which a sleeping domain
 * never enters: the run loop looks at `pending` and turns the event loop while there is any.
 */
import { machineCodeOf } from './machine-code.ts';
import type { SavedFunction, TranslatedFunction } from './translated-code.ts';
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
  /** The modules themselves, of a machine that others will take them from. */
  private kept: Map<number, { code: Uint8Array; module: WebAssembly.Module }> | null = null;
  private cpu!: V86Cpu;
  private exports!: V86Exports;

  attach(cpu: V86Cpu, exports: V86Exports): void {
    this.cpu = cpu;
    this.exports = exports;
  }

  /** Before the first: all modules will be asked for. */
  keep(): void {
    this.kept = new Map();
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
    code: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const module = await WebAssembly.compile(code);
    this.place({ slot: index, bytes: code.length, module });
    this.kept?.set(index, { code, module });
    this.exports.codegen_finalize_finished(index, start, flags);
    this.pending--;
    if (this.bytes > LIMIT_BYTES) this.exports.jit_clear_cache_js();
  }

  place({ slot, bytes, module }: TranslatedFunction): void {
    const instance = new WebAssembly.Instance(module, { e: this.cpu.jit_imports as never });
    this.cpu.wm.wasm_table.set(slot + TABLE_OFFSET, instance.exports['f']);
    this.bytes += bytes - (this.sizes.get(slot) ?? 0);
    this.sizes.set(slot, bytes);
  }

  /** The emulator has no more use for what is in `slot`. */
  drop(slot: number): void {
    this.cpu.wm.wasm_table.set(slot + TABLE_OFFSET, null);
    this.bytes -= this.sizes.get(slot) ?? 0;
    this.sizes.delete(slot);
    this.kept?.delete(slot);
  }

  /**
   * All functions in use, optimised: some hundred milliseconds for each that was not yet.
   *
   * @throws Error when this machine does not keep them
   */
  saved(): SavedFunction[] {
    if (!this.kept) throw new Error('this machine was not made for its code to be taken over');
    const table = this.cpu.wm.wasm_table;
    return [...this.kept].map(([slot, { code, module }]) => ({
      slot,
      code,
      machineCode: machineCodeOf(module, table.get(slot + TABLE_OFFSET)),
    }));
  }
}
