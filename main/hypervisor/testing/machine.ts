/** A domain with a tiny guest in it, run by hand on a clock of its own. */
import type { ShutdownReason } from '../abi/index.ts';
import type { KernelImage } from '../builder/build.ts';
import { makeMachine } from '../bare-machine.ts';
import { DomainCounters, HostFrames } from '../counters.ts';
import { parseDomainState } from '../domain-state.ts';
import { Domain, DomainStopped } from '../domain.ts';
import { compileEngine } from '../engine/engine-module.ts';
import { engineSections, engineStateOf } from '../engine/engine-state.ts';
import { loadTranslatedCode } from '../engine/translated-code.ts';
import { PAGE_SIZE } from '../engine/page.ts';
import { GrantFrames } from '../grant-frames.ts';

const MEMORY_KIB = 8192;
const FLAG_INTERRUPT = 1 << 9;
/**
 * Guest time goes on by this much each time anybody looks at the clock, ms: a slice is a millisecond,
 * so with the default it is as short as can be.
 */
const TICK_MS = 1.125;
const EPOCH_MS = Date.UTC(2026, 0, 1);

export interface MachineOptions {
  memoryKiB?: number;
  /** Frames of the host, the domain's own included; default twice the domain's. */
  hostFrames?: number;
  domid?: number;
  tickMs?: number;
  onYield?: () => void;
  /** Restored machines may take over what this one has translated. */
  keepsCode?: boolean;
}

let engineModule: Promise<WebAssembly.Module> | undefined;

export class Machine {
  readonly domain: Domain;
  readonly frames: HostFrames;
  readonly counters: DomainCounters;
  readonly hostFrames: number;
  readonly log: string[] = [];
  /** What the guest ended with. */
  ended: { reason: ShutdownReason; detail: string } | null = null;
  private readonly time: { ms: number };

  private constructor(
    parts: Pick<Machine, 'domain' | 'frames' | 'counters' | 'hostFrames'>,
    time: { ms: number },
  ) {
    this.domain = parts.domain;
    this.frames = parts.frames;
    this.counters = parts.counters;
    this.hostFrames = parts.hostFrames;
    this.time = time;
  }

  /** The grant table as another host would have it: nothing is mapped. */
  grantsAnew(): GrantFrames {
    const { memory, layout, physmap, grants } = this.domain;
    const anew = new GrantFrames(memory, layout, (gfn) => physmap.isPopulated(gfn));
    anew.restore(grants.save());
    return anew;
  }

  /** An empty machine, its clock standing still. */
  static async create(options: MachineOptions = {}): Promise<Machine> {
    const memoryKiB = options.memoryKiB ?? MEMORY_KIB;
    const own = (memoryKiB * 1024) / PAGE_SIZE;
    const hostFrames = options.hostFrames ?? own * 2;
    const frames = new HostFrames();
    frames.give(hostFrames);
    frames.tryTake(own);
    const counters = new DomainCounters();
    counters.setFrames(own);
    const time = { ms: 0 };
    const tickMs = options.tickMs ?? TICK_MS;
    const module = await (engineModule ??= compileEngine());
    const domain = new Domain({
      domid: options.domid ?? 7,
      uuid: '01234567-89ab-cdef-0123-456789abcdef',
      machine: await makeMachine(module, memoryKiB, () => (time.ms += tickMs)),
      frames,
      counters,
      keepsCode: options.keepsCode ?? false,
      host: {
        onShutdown: (reason, detail) => (machine.ended = { reason, detail }),
        onYield: () => options.onYield?.(),
        log: (level, message) => machine.log.push(`${level}: ${message}`),
      },
    });
    const machine: Machine = new Machine({ domain, frames, counters, hostFrames }, time);
    return machine;
  }

  /** A machine with a guest, its clock going. */
  static async start(guest: KernelImage, options: MachineOptions = {}): Promise<Machine> {
    const machine = await Machine.create(options);
    machine.domain.build(guest, EPOCH_MS);
    machine.domain.engine.clock.thaw();
    return machine;
  }

  /** A guest that runs to its end: halted for good, or shut down. */
  static async run(guest: KernelImage, options: MachineOptions = {}): Promise<Machine> {
    const machine = await Machine.start(guest, options);
    machine.runUntil(() => machine.finished);
    return machine;
  }

  /** Halted with interrupts off, or shut down. */
  get finished(): boolean {
    const { processor } = this.domain.engine;
    return this.ended !== null || (processor.halted && !(processor.flags & FLAG_INTERRUPT));
  }

  /**
   * Runs slices, and lets a halted guest's time go by. Throws when the guest has not come to the
   * point after `slices`, and whatever the engine throws but the end of the domain.
   */
  runUntil(done: () => boolean, slices = 2000): void {
    for (let count = 0; !done(); count++) {
      if (count > slices)
        throw new Error(`the guest did not come to the point: ${this.describe()}`);
      this.slice();
    }
  }

  /** One slice; a halted guest's clock goes to its next timer. */
  slice(): void {
    try {
      const idleMs = this.domain.slice();
      this.time.ms += idleMs;
    } catch (error) {
      if (!(error instanceof DomainStopped)) throw error;
    }
  }

  runSlices(count: number): void {
    for (; count > 0; count--) this.slice();
  }

  /** Time goes by outside. */
  wait(ms: number): void {
    this.time.ms += ms;
  }

  word(address: number): number {
    return this.domain.memory.view.getUint32(address, true);
  }

  setWord(address: number, value: number): void {
    this.domain.memory.view.setUint32(address, value, true);
  }

  /** Frames that nobody has lost or invented: free ones and the domain's are all of the host's. */
  get framesAddUp(): boolean {
    const { frames, counters, hostFrames, domain } = this;
    return (
      frames.free + counters.frames === hostFrames &&
      counters.frames === domain.physmap.populatedFrames
    );
  }

  /** A new machine that goes on where this one stands, by way of bytes; its clock stands still. */
  async restored(options: MachineOptions = {}): Promise<Machine> {
    return this.copied(options);
  }

  /** As `restored`; `fill` puts memory and whatever belongs to it in place. */
  async restoredBy(fill: (domain: Domain) => void): Promise<Machine> {
    return this.copied({}, fill);
  }

  /** As `restored`, with the code that this one, which keeps it, has translated. */
  async restoredWarm(options: MachineOptions = {}): Promise<Machine> {
    await this.compiled();
    const code = await loadTranslatedCode(this.domain.engine.saveCode());
    const bytes = this.domain.memory.bytes.slice();
    return this.copied(options, ({ memory, engine }) => {
      memory.write(0, bytes);
      engine.adoptCode(code);
    });
  }

  /** Settles when what got hot is compiled. */
  async compiled(): Promise<void> {
    while (this.domain.engine.pendingCompilations > 0) await new Promise(setImmediate);
  }

  private async copied(options: MachineOptions, fill?: (domain: Domain) => void): Promise<Machine> {
    const { memory, physmap, layout } = this.domain;
    const { engine, hypervisor } = this.domain.save();
    const sections = new Map(Object.entries(engineSections(engine)));
    const text = JSON.stringify(hypervisor);
    const bytes = memory.bytes.slice();
    const other = await Machine.create({ ...options, memoryKiB: layout.ramBytes / 1024 });
    if (fill) fill(other.domain);
    else other.domain.memory.write(0, bytes);
    for (let gfn = 0; gfn < physmap.ramFrames; gfn++) {
      if (physmap.isPopulated(gfn)) continue;
      other.domain.physmap.markBallooned(gfn, 1);
      other.counters.addFrames(-1);
      other.frames.give(1);
    }
    const state = {
      engine: engineStateOf(sections),
      hypervisor: parseDomainState(JSON.parse(text)),
    };
    other.domain.restore(state);
    return other;
  }

  private describe(): string {
    const { processor } = this.domain.engine;
    const at = processor.instructionPointer.toString(16);
    return `at 0x${at}, ${processor.halted ? 'halted' : 'running'}, log ${JSON.stringify(this.log)}`;
  }
}
