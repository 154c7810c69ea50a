/**
 * The emulated PC: one virtual CPU, its memory and its devices. This class is the only thing that
 * the rest of Domus knows of the emulator.
 *
 * It never runs by itself: the thread that owns it calls `slice()` again and again and sleeps in
 * between (`docs/adr/0003-run-loop.md`).
 */
import {
  APIC_BYTES,
  APIC_IRR_WORD,
  APIC_ISR_WORD,
  CPU_STATE_END,
  CPU_STATE_START,
  CpuAddress,
  IOAPIC_BYTES,
} from './cpu-layout.ts';
import type { GuestClock } from './guest-clock.ts';
import { GuestMemory } from './guest-memory.ts';
import { CodeCompiler } from './code-compiler.ts';
import { LastWords } from './emulator-panic.ts';
import { HookPort } from './instrument.ts';
import { loadEmulator } from './load-v86.ts';
import { ignoreAbsentFunctions } from './pci-config.ts';
import { Ports } from './ports.ts';
import { Processor } from './processor.ts';
import type { PciFunction, V86Cpu, V86Exports, V86Imports } from './v86-internals.ts';
import { restoreDevices, saveDevices } from './device-state.ts';
import type { Saved } from './device-state.ts';
import type { SavedDevices } from './device-state.ts';
import { growTo, layWorkspace, saveTranslatedCode, takeTranslatedCode } from './translated-code.ts';
import type {
  ExpectedCode,
  GuestPlace,
  TranslatedCode,
  TranslatedFunction,
} from './translated-code.ts';

/** What the hypervisor does inside the guest's instructions and between its slices. */
export interface EngineHooks {
  /** CPUID with EAX in 0x40000000..0x400000ff; answers in EAX..EDX. */
  cpuid(cpu: Processor): void;
  /** WRMSR with ECX in 0x40000000..0x400000ff. */
  writeMsr(cpu: Processor): void;
  /** `out 0xE9, eax`: what VMCALL and VMMCALL were rewritten to. Answers in EAX. */
  hypercall(cpu: Processor): void;
  /** #UD at the instruction pointer: true when it is dealt with and the guest goes on there. */
  undefinedOpcode(cpu: Processor): boolean;
  /** Called with guest time now; does what is due; returns ms until it wants to be called again. */
  timers(nowMs: number): number;
  /** Keyboard controller, port 0xCF9: the guest resets the machine. */
  reset(): void;
}

/** A saved machine without its memory: named, versioned, plain. */
export interface EngineState {
  version: 1;
  /** Guest time, ms. */
  clockMs: number;
  tsc: bigint;
  cpu: Uint8Array;
  apic: Uint8Array;
  ioapic: Uint8Array;
  devices: SavedDevices;
}

const HYPERCALL_PORT = 0xe9;

/** Whose hooks are called. */
interface Served {
  hooks: EngineHooks;
}

const unserved = (): never => {
  throw new Error('an engine runs before it is anybody’s');
};
const nobody: EngineHooks = {
  cpuid: unserved,
  writeMsr: unserved,
  hypercall: unserved,
  undefinedOpcode: unserved,
  timers: unserved,
  reset: unserved,
};

export class Engine {
  readonly memory: GuestMemory;
  readonly processor: Processor;
  readonly ports: Ports;
  readonly clock: GuestClock;
  private readonly cpu: V86Cpu;
  private readonly exports: V86Exports;
  private readonly compiler: CodeCompiler;
  private readonly lastWords: LastWords;
  private readonly served: Served;
  private unacknowledged: number | null = null;
  /** What was put into devices of a machine that has not run yet. */
  private readonly inPlace = new Map<string, Saved>();
  private hasCode = false;

  private constructor(
    cpu: V86Cpu,
    exports: V86Exports,
    memory: GuestMemory,
    processor: Processor,
    compiler: CodeCompiler,
    clock: GuestClock,
    lastWords: LastWords,
    served: Served,
  ) {
    this.cpu = cpu;
    this.exports = exports;
    this.memory = memory;
    this.processor = processor;
    this.compiler = compiler;
    this.clock = clock;
    this.lastWords = lastWords;
    this.served = served;
    this.ports = new Ports(cpu.io);
    this.checkLayout();
  }

  /**
   * @param memoryBytes all that the emulator backs, a multiple of 128 KiB; which of it the guest
   *   may use as RAM is the domain builder's business.
   */
  static async create(
    module: WebAssembly.Module,
    memoryBytes: number,
    clock: GuestClock,
  ): Promise<Engine> {
    let processor: Processor | undefined;
    const made: { memory?: GuestMemory } = {};
    const served: Served = { hooks: nobody };
    const compiler = new CodeCompiler();
    const lastWords = new LastWords();
    const { emulator, exports, memoryBase } = await loadEmulator(
      module,
      memoryBytes,
      () => clock.now(),
      {
        replaceImports: (imports, getExports) => {
          replaceImports(
            imports,
            clock,
            served,
            () => (processor ??= new Processor(getExports().memory)),
          );
          imports.codegen_finalize = (index, start, flags, ptr, len) =>
            compiler.compile(index, start, flags, ptr, len);
          imports.jit_clear_func = (slot) => compiler.drop(slot);
          imports.console_log_from_wasm = (offset, length) =>
            lastWords.hear(new Uint8Array(getExports().memory.buffer, offset, length));
        },
        wrote: (start, end) => made.memory?.log.wrote(start, end),
      },
    );
    const cpu = emulator.v86.cpu;
    compiler.attach(cpu, exports);
    processor ??= new Processor(exports.memory);
    const memory = new GuestMemory(exports, memoryBase, memoryBytes);
    made.memory = memory;
    cpu.reboot_internal = () => served.hooks.reset();
    ignoreAbsentFunctions(cpu);
    cpu.devices.vga.complete_replot = () => undefined; // nobody looks at the screen
    return new Engine(cpu, exports, memory, processor, compiler, clock, lastWords, served);
  }

  /**
   * Before the first slice: whose it is.
   *
   * @param keepsCode `saveCode` will be asked for
   */
  serve(hooks: EngineHooks, keepsCode: boolean): void {
    this.served.hooks = hooks;
    if (keepsCode) this.compiler.keep();
  }

  /**
   * Executes guest code for about a millisecond, or until it halts. Returns 0 when it has more to
   * do, else the milliseconds until its next timer.
   *
   * @throws EmulatorPanic or RangeError (its stack's end) when the guest did what the emulator
   *   cannot; the domain has crashed then and `slice` must not be called again
   */
  slice(): number {
    if (this.unacknowledged !== null) this.acknowledge(this.unacknowledged);
    try {
      return this.exports.main_loop();
    } catch (error) {
      throw this.lastWords.explain(error);
    }
  }

  /** Compilations under way: they need the thread's event loop to finish. */
  get pendingCompilations(): number {
    return this.compiler.pending;
  }

  get generatedCodeBytes(): number {
    return this.compiler.bytes;
  }

  /**
   * Requests an interrupt of the local APIC, as a message-signalled one would. With `withoutEoi`
   * the guest will not acknowledge it there (Xen's callback vector): the in-service bit is cleared
   * for it before the next slice.
   */
  raiseVector(vector: number, withoutEoi: boolean): void {
    this.apicWords(APIC_IRR_WORD)[vector >> 5]! |= 1 << (vector & 31);
    if (withoutEoi) this.unacknowledged = vector;
  }

  /** A pulse on an interrupt line: enough for one that is unmasked. */
  pulseLine(line: number): void {
    this.exports.device_raise_irq(line);
    this.exports.device_lower_irq(line);
  }

  addPciFunction(device: PciFunction): void {
    this.cpu.devices.pci.register_device(device);
  }

  save(): EngineState {
    const linear = this.exports.memory.buffer;
    return {
      version: 1,
      clockMs: this.clock.now(),
      tsc: this.exports.read_tsc(),
      cpu: new Uint8Array(linear.slice(CPU_STATE_START, CPU_STATE_END)),
      apic: this.block(this.exports.get_apic_addr(), APIC_BYTES).slice(),
      ioapic: this.block(this.exports.get_ioapic_addr(), IOAPIC_BYTES).slice(),
      devices: saveDevices(this.cpu),
    };
  }

  /**
   * What is translated of the guest's code, with memory as it is now. Only between slices, of an
   * engine that keeps its code, with no compilation pending. Takes many seconds: what V8 has not
   * optimised yet is optimised now.
   */
  saveCode(): SharedArrayBuffer {
    this.exports.full_clear_tlb();
    return saveTranslatedCode(this.exports.memory.buffer, this.place, this.compiler.saved());
  }

  /** What the emulator has: its own, and the guest's in it. */
  get linearBytes(): number {
    return this.exports.memory.buffer.byteLength;
  }

  /** Translated of the guest's code, and in use. */
  get functions(): TranslatedFunction[] {
    return this.compiler.inUse();
  }

  /**
   * Long before `adoptCode`. A thread whose emulator's memory grows, or that gets functions, collects its
   * garbage soon: that is to be over when the guest comes.
   */
  expectCode({ linearBytes, modules }: ExpectedCode): void {
    growTo(this.exports.memory, linearBytes);
    this.compiler.instantiate(modules);
  }

  /**
   * What is translated of the guest's code, for an engine of this process that gets this guest: with
   * memory as it is now. Only between slices, with no compilation pending.
   */
  shareCode(): TranslatedCode {
    const { log } = this.memory;
    const { buffer } = this.exports.memory;
    return takeTranslatedCode(buffer, this.place, this.compiler.inUse(), log.address);
  }

  /**
   * Before {@link restore}, of a machine that has not run. Memory written from now on voids the code
   * that was translated from it, so it may still change ({@link GuestMemory.rewritten}).
   *
   * @throws Error when the code belongs to a machine with another amount of memory
   */
  adoptCode(code: TranslatedCode): void {
    layWorkspace(this.exports.memory, this.place, code);
    this.compiler.forget();
    for (const each of code.functions) this.compiler.place(each);
    this.compiler.instantiate([]);
    this.memory.log.address = code.logMap;
    this.inPlace.clear();
    this.hasCode = true;
  }

  /**
   * Before {@link restore}, of a machine that has not run: does the most of it ahead, with devices as
   * they may still be then.
   */
  rehearse(state: EngineState): void {
    this.putInPlace(state);
  }

  /**
   * Memory must be in place. The clock is left frozen at the saved time. What of the guest's code was
   * not adopted before is translated again as it gets hot.
   */
  restore(state: EngineState): void {
    this.putInPlace(state);
    this.inPlace.clear();
  }

  private putInPlace(state: EngineState): void {
    this.clock.set(state.clockMs);
    if (!this.hasCode) this.exports.jit_clear_cache_js();
    const size = this.word(CpuAddress.memorySize);
    this.block(CPU_STATE_START, state.cpu.length).set(state.cpu);
    if (this.word(CpuAddress.memorySize) !== size) {
      throw new Error('the saved processor belongs to a machine with another amount of memory');
    }
    this.block(this.exports.get_apic_addr(), APIC_BYTES).set(state.apic);
    this.block(this.exports.get_ioapic_addr(), IOAPIC_BYTES).set(state.ioapic);
    restoreDevices(this.cpu, state.devices, this.inPlace);
    const tsc = BigInt.asUintN(64, state.tsc);
    this.exports.set_tsc(Number(tsc & 0xffff_ffffn), Number(tsc >> 32n));
    this.exports.full_clear_tlb();
  }

  private get place(): GuestPlace {
    return { guestStart: this.memory.base, guestBytes: this.memory.size };
  }

  private acknowledge(vector: number): void {
    const bit = 1 << (vector & 31);
    this.apicWords(APIC_ISR_WORD)[vector >> 5]! &= ~bit;
    if (!(this.apicWords(APIC_IRR_WORD)[vector >> 5]! & bit)) this.unacknowledged = null;
  }

  /** Eight words of a 256-bit register of the local APIC. */
  private apicWords(word: number): Int32Array {
    return new Int32Array(this.exports.memory.buffer, this.exports.get_apic_addr() + word * 4, 8);
  }

  private block(address: number, length: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, address, length);
  }

  private word(address: number): number {
    return new DataView(this.exports.memory.buffer).getInt32(address, true);
  }

  /** Fails loudly when the addresses of `cpu-layout.ts` are another build's. */
  private checkLayout(): void {
    const reset = { instructionPointer: 0xffff0, memorySize: this.memory.size };
    if (
      this.word(CpuAddress.instructionPointer) !== reset.instructionPointer ||
      this.word(CpuAddress.memorySize) !== reset.memorySize
    ) {
      throw new Error('the emulator keeps its processor elsewhere than expected: another build?');
    }
  }
}

function replaceImports(
  imports: V86Imports,
  clock: GuestClock,
  served: Served,
  processor: () => Processor,
): void {
  const { io_port_write32, io_port_read32, run_hardware_timers } = imports;
  imports.microtick = () => clock.now();
  imports.stop_idling = () => {};
  imports.cpu_event_halt = () => {};
  imports.run_hardware_timers = (acpiEnabled, nowMs) =>
    Math.min(run_hardware_timers(acpiEnabled, nowMs), served.hooks.timers(nowMs));
  imports.io_port_write32 = (port, value) => {
    if (port === HYPERCALL_PORT) served.hooks.hypercall(processor());
    else if (port === HookPort.cpuid) served.hooks.cpuid(processor());
    else if (port === HookPort.writeMsr) served.hooks.writeMsr(processor());
    else io_port_write32(port, value);
  };
  imports.io_port_read32 = (port) =>
    port === HookPort.undefinedOpcode
      ? Number(served.hooks.undefinedOpcode(processor()))
      : io_port_read32(port);
}
