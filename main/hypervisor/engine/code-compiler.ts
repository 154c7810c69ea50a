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
  /** Those modules, by slot. */
  private readonly functions = new Map<number, TranslatedFunction>();
  /** Their WebAssembly, of a machine whose code will be saved. */
  private kept: Map<number, Uint8Array> | null = null;
  /** Of those that will be placed, the functions themselves. */
  private readonly instantiated = new Map<WebAssembly.Module, unknown>();
  private cpu!: V86Cpu;
  private exports!: V86Exports;

  attach(cpu: V86Cpu, exports: V86Exports): void {
    this.cpu = cpu;
    this.exports = exports;
  }

  /** Before the first: {@link saved} will be asked for. */
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
    this.kept?.set(index, code);
    this.exports.codegen_finalize_finished(index, start, flags);
    this.pending--;
    if (this.bytes > LIMIT_BYTES) this.exports.jit_clear_cache_js();
  }

  place(each: TranslatedFunction): void {
    const { slot, bytes, module } = each;
    const translated = this.instantiated.get(module) ?? this.instance(module);
    this.cpu.wm.wasm_table.set(slot + TABLE_OFFSET, translated);
    this.bytes += bytes - this.bytesIn(slot);
    this.functions.set(slot, each);
  }

  /** They may be placed soon; those of before are not. */
  instantiate(modules: readonly WebAssembly.Module[]): void {
    this.instantiated.clear();
    for (const module of modules) this.instantiated.set(module, this.instance(module));
  }

  /** The emulator has no more use for what is in `slot`. */
  drop(slot: number): void {
    this.cpu.wm.wasm_table.set(slot + TABLE_OFFSET, null);
    this.bytes -= this.bytesIn(slot);
    this.functions.delete(slot);
    this.kept?.delete(slot);
  }

  /** The emulator's books are another's now. */
  forget(): void {
    for (const slot of [...this.functions.keys()]) this.drop(slot);
  }

  /** All functions in use. */
  inUse(): TranslatedFunction[] {
    return [...this.functions.values()];
  }

  /**
   * All functions in use, optimised: some hundred milliseconds for each that was not yet.
   *
   * @throws Error when this machine does not keep them
   */
  saved(): SavedFunction[] {
    if (!this.kept) throw new Error('this machine was not made for its code to be taken over');
    const table = this.cpu.wm.wasm_table;
    return [...this.kept].map(([slot, code]) => ({
      slot,
      code,
      machineCode: machineCodeOf(this.functions.get(slot)!.module, table.get(slot + TABLE_OFFSET)),
    }));
  }

  private instance(module: WebAssembly.Module): unknown {
    return new WebAssembly.Instance(module, { e: this.cpu.jit_imports as never }).exports['f'];
  }

  private bytesIn(slot: number): number {
    return this.functions.get(slot)?.bytes ?? 0;
  }
}
