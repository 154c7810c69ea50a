/**
 * One domain on the hypervisor: the engine, and everything of Xen's that belongs to this guest. It
 * knows no thread: whoever owns it calls `slice` and serves what it asks for through `DomainHost`.
 */
import type { HypercallArguments } from './hypercalls/handler.ts';
import { hypercallHandler } from './hypercalls/index.ts';
import type { DomId, Runstate, ShutdownReason } from './abi/index.ts';
import {
  CALLBACK_IRQ_TYPE_SHIFT,
  CallbackType,
  DomId as domIdOf,
  Errno,
  HvmParam,
  ReservedDomId,
  ShutdownReason as Reason,
} from './abi/index.ts';
import { AcpiPower } from './acpi-power.ts';
import type { BareMachine } from './bare-machine.ts';
import type { KernelImage } from './builder/build.ts';
import { buildDomain } from './builder/build.ts';
import type { MemoryLayout } from './builder/memory-layout.ts';
import type { DomainCounters, HostFrames } from './counters.ts';
import { DomainCounter } from './counters.ts';
import { answerCpuid, writeHypercallPage } from './cpuid.ts';
import type { DomainState, WholeDomainState } from './domain-state.ts';
import { DOMAIN_STATE_VERSION } from './domain-state.ts';
import type { Engine, EngineHooks } from './engine/engine.ts';
import type { GuestMemory } from './engine/guest-memory.ts';
import { PAGE_SIZE } from './engine/page.ts';
import type { Processor } from './engine/processor.ts';
import { EventChannels } from './event-channels.ts';
import { GrantFrames } from './grant-frames.ts';
import { GuestAccess } from './guest-access.ts';
import { GuestLog, LineCollector } from './guest-log.ts';
import { HvmParams } from './hvm-params.ts';
import { Physmap } from './physmap.ts';
import { PlatformDevice } from './platform-device.ts';
import { SharedInfoPage } from './shared-info.ts';
import { isTripleFault } from './triple-fault.ts';
import { Vcpu } from './vcpu.ts';
import { interceptUndefinedOpcode } from './vmcall.ts';

/** What a domain needs of whoever runs it. */
export interface DomainHost {
  /** The guest ended its life; `slice` throws `DomainStopped` right after. */
  onShutdown(reason: ShutdownReason, detail: string): void;
  /** The guest gives its turn away: back ends may work now. */
  onYield(): void;
  /** Early messages of the guest, and what the hypervisor notes about it. */
  log(level: 'debug' | 'info' | 'warning', message: string): void;
}

export interface DomainConfig {
  domid: number;
  uuid: string;
  machine: BareMachine;
  frames: HostFrames;
  counters: DomainCounters;
  host: DomainHost;
  /** Its translated code will be saved, for clones. */
  keepsCode?: boolean;
}

/** Thrown out of `slice` by a shutdown: the guest's instruction after it must not run. */
export class DomainStopped extends Error {
  override readonly name = 'DomainStopped';
}

export class Domain {
  readonly domid: DomId;
  readonly uuid: string;
  readonly layout: MemoryLayout;
  readonly engine: Engine;
  readonly memory: GuestMemory;
  readonly guest: GuestAccess;
  readonly shared: SharedInfoPage;
  readonly events: EventChannels;
  readonly grants: GrantFrames;
  readonly physmap: Physmap;
  readonly params = new HvmParams();
  readonly vcpu: Vcpu;
  readonly counters: DomainCounters;
  /** Machine frames it may hold at most. */
  readonly maxFrames: number;
  private readonly platform: PlatformDevice;
  private readonly power: AcpiPower;
  private readonly host: DomainHost;
  private readonly log: GuestLog;
  private readonly debugLine: LineCollector;

  /** A machine with zeroed memory, its clock frozen at 0. Its frames are the caller's to take. */
  constructor(config: DomainConfig) {
    const { layout, engine, monotonicMs } = config.machine;
    this.domid = domIdOf(config.domid);
    this.uuid = config.uuid;
    this.layout = layout;
    this.engine = engine;
    this.memory = engine.memory;
    this.counters = config.counters;
    this.host = config.host;
    this.maxFrames = layout.ramBytes / PAGE_SIZE;
    this.guest = new GuestAccess(engine.processor, this.memory);
    this.shared = new SharedInfoPage(this.memory);
    this.events = new EventChannels(this.shared, () => this.raiseUpcall());
    this.physmap = new Physmap(this.maxFrames, this.memory, config.frames, config.counters);
    this.grants = new GrantFrames(this.memory, layout, (gfn) => this.physmap.isPopulated(gfn));
    this.vcpu = new Vcpu(this.memory, config.counters);
    this.log = new GuestLog((level, message) => this.host.log(level, message), monotonicMs);
    this.debugLine = new LineCollector((line) => this.log.say('debug', `guest: ${line}`));
    this.platform = new PlatformDevice(engine, layout, (text) => this.log.say('info', text));
    this.power = new AcpiPower(engine, {
      off: () => this.shutdown(Reason.poweroff, 'powered off by ACPI'),
      reset: () => this.shutdown(Reason.reboot, 'reset by ACPI'),
    });
    engine.serve(this.hooks(), config.keepsCode ?? false);
    engine.ports.onWrite(DEBUG_PORT, { write8: (char) => this.debugOutput(Uint8Array.of(char)) });
  }

  /** Puts a kernel in place and makes the channels that its builder makes in Xen. */
  build(image: KernelImage, epochMs: number): void {
    buildDomain(this.memory, this.layout, image);
    const store = this.events.allocUnbound(domIdOf(0), this.domid);
    const console = this.events.allocUnbound(domIdOf(0), this.domid);
    this.params.set(HvmParam.storePfn, BigInt(this.layout.xenstoreGfn));
    this.params.set(HvmParam.storeEvtchn, BigInt(store));
    this.params.set(HvmParam.consolePfn, BigInt(this.layout.consoleGfn));
    this.params.set(HvmParam.consoleEvtchn, BigInt(console));
    this.params.set(HvmParam.vmGenerationIdAddr, BigInt(this.layout.generationIdGfn * PAGE_SIZE));
    this.setWallClock(epochMs);
  }

  /** Guest time, ms: also Xen's system time. */
  get nowMs(): number {
    return this.engine.clock.now();
  }

  /** True for the domain ids by which a guest names itself. */
  isSelf(domid: DomId): boolean {
    return domid === ReservedDomId.self || domid === this.domid;
  }

  /**
   * Executes guest code for about a millisecond or until it halts; 0, or ms until its next timer.
   * Throws `DomainStopped` after a shutdown, and the engine's own error when the guest broke it.
   */
  slice(): number {
    try {
      return this.engine.slice();
    } catch (error) {
      const { processor } = this.engine;
      if (!isTripleFault(processor, this.memory, error)) throw error;
      const at = processor.instructionPointer.toString(16);
      return this.shutdown(Reason.reboot, `reset by a triple fault at 0x${at}`);
    }
  }

  shutdown(reason: ShutdownReason, detail: string): never {
    this.host.onShutdown(reason, detail);
    throw new DomainStopped(detail);
  }

  yield(): void {
    this.host.onYield();
  }

  /** `epochMs` is the wall-clock time now. */
  setWallClock(epochMs: number): void {
    this.shared.setWallClock(epochMs - this.nowMs);
  }

  /** A new generation id: the guest's kernel reseeds its random numbers at once. */
  setGenerationId(id: Uint8Array): void {
    this.memory.write(this.layout.generationIdGfn * PAGE_SIZE, id.subarray(0, 16));
    this.power.signalGenerationId();
  }

  raiseUpcall(): void {
    const vector = this.vcpu.upcallVector ?? this.callbackVector();
    if (vector === null) return;
    this.counters.values[DomainCounter.events]! += 1;
    this.engine.raiseVector(vector, this.vcpu.upcallVector === null);
  }

  /** The guest chose how it hears of events: what was pending before is told now. */
  upcallWayChanged(): void {
    if (this.shared.upcallPending) this.raiseUpcall();
  }

  debugOutput(bytes: Uint8Array): void {
    for (const byte of bytes) this.debugLine.put(byte);
  }

  /** The vCPU's run state changes at this moment: for the owner's run loop. */
  enter(state: Runstate): void {
    this.vcpu.enter(state, this.nowMs);
  }

  save(): WholeDomainState {
    return {
      engine: this.engine.save(),
      hypervisor: {
        version: DOMAIN_STATE_VERSION,
        shared: this.shared.save(),
        events: this.events.save(),
        grants: this.grants.save(),
        params: this.params.save(),
        vcpu: this.vcpu.save(),
        platform: this.platform.save(),
        power: this.power.save(),
      },
    };
  }

  /**
   * Before {@link restore}, which is quicker then: with a state as it may still be. Memory and `physmap`
   * need not be in place. Throws as that.
   */
  rehearse({ engine, hypervisor }: WholeDomainState): void {
    this.engine.rehearse(engine);
    this.restoreHypervisor(hypervisor);
  }

  /**
   * Memory and `physmap` must be in place. The clock stays frozen. Throws for a state that does not
   * fit this machine: the domain is unusable then.
   */
  restore({ engine, hypervisor }: WholeDomainState): void {
    this.engine.restore(engine);
    this.restoreHypervisor(hypervisor);
    // A callback vector that was being served is acknowledged by the engine, which must hear of it.
    if (this.vcpu.upcallVector === null) this.raiseUpcall();
  }

  private restoreHypervisor(hypervisor: DomainState): void {
    this.shared.restore(hypervisor.shared);
    this.events.restore(hypervisor.events);
    this.grants.restore(hypervisor.grants);
    this.params.restore(hypervisor.params);
    this.vcpu.restore(hypervisor.vcpu, this.nowMs);
    this.platform.restore(hypervisor.platform);
    this.power.restore(hypervisor.power);
  }

  private hooks(): EngineHooks {
    return {
      cpuid: (cpu) => answerCpuid(cpu, this.domid),
      writeMsr: (cpu) => this.writeMsr(cpu),
      hypercall: (cpu) => this.hypercall(cpu),
      undefinedOpcode: (cpu) => interceptUndefinedOpcode(cpu, this.memory),
      timers: (nowMs) => this.serviceTimers(nowMs),
      reset: () => this.shutdown(Reason.reboot, 'reset by its keyboard controller or port 0xCF9'),
    };
  }

  private hypercall(cpu: Processor): void {
    if (cpu.privilegeLevel !== 0) {
      cpu.eax = -Errno.EPERM;
      return;
    }
    const number = cpu.eax;
    if (number >= 0 && number < COUNTED) {
      this.counters.values[DomainCounter.hypercalls + number]! += 1;
    }
    const args: HypercallArguments = {
      first: cpu.ebx,
      second: cpu.ecx,
      third: cpu.edx,
      fourth: cpu.esi,
      fifth: cpu.edi,
    };
    const result = hypercallHandler(number)(this, args);
    if (result < 0) this.counters.values[DomainCounter.guestFaults]! += 1;
    cpu.eax = result;
  }

  private writeMsr(cpu: Processor): void {
    if (!writeHypercallPage(cpu, this.memory, this.physmap.ramFrames)) {
      this.counters.values[DomainCounter.guestFaults]! += 1;
    }
  }

  private serviceTimers(nowMs: number): number {
    return this.vcpu.serviceTimer(nowMs, (virq) => this.events.raiseVirq(virq));
  }

  /** The vector of HVM_PARAM_CALLBACK_IRQ, when the guest chose that way. */
  private callbackVector(): number | null {
    const value = this.params.get(HvmParam.callbackIrq);
    const type = Number(value >> CALLBACK_IRQ_TYPE_SHIFT);
    return type === CallbackType.vector ? Number(value & 0xffn) : null;
  }
}

/** Hypercalls counted one by one. */
const COUNTED = 64;
const DEBUG_PORT = 0xe9;
