/** The virtual CPU as Xen sees it: its one-shot timer, its upcall, its run-state times. */
import { Runstate, VcpuRunstateInfo, Virq, RUNSTATE_UPDATE } from './abi/index.ts';
import type { DomainCounters } from './counters.ts';
import { DomainCounter } from './counters.ts';
import type { GuestMemory } from './engine/guest-memory.ts';
import type { RegisteredArea } from './registered-area.ts';
import { checkArea } from './registered-area.ts';

const NEVER_MS = 100;

export interface VcpuState {
  /** Guest time, ms; null when no timer is set. */
  deadlineMs: number | null;
  /** Per-vCPU upcall vector (HVMOP 23); null when the guest chose another way. */
  upcallVector: number | null;
  runstateArea: RegisteredArea;
  /** ns in running, runnable, blocked, offline. */
  runstateNs: [number, number, number, number];
  runstateUpdateFlag: boolean;
}

export class Vcpu {
  upcallVector: number | null = null;
  runstateUpdateFlag = false;
  private deadlineMs: number | null = null;
  private area: RegisteredArea = [];
  private readonly timesMs: [number, number, number, number] = [0, 0, 0, 0];
  private state: Runstate = Runstate.running;
  private enteredMs = 0;
  private readonly memory: GuestMemory;
  private readonly counters: DomainCounters;

  constructor(memory: GuestMemory, counters: DomainCounters) {
    this.memory = memory;
    this.counters = counters;
  }

  /** Absolute system time in ms; a deadline in the past is due at once. */
  setTimer(deadlineMs: number): void {
    this.deadlineMs = deadlineMs;
  }

  stopTimer(): void {
    this.deadlineMs = null;
  }

  /** Raises VIRQ_TIMER when it is due; ms until it is. */
  serviceTimer(nowMs: number, raiseVirq: (virq: number) => void): number {
    if (this.deadlineMs === null) return NEVER_MS;
    if (nowMs < this.deadlineMs) return Math.min(NEVER_MS, this.deadlineMs - nowMs);
    this.deadlineMs = null;
    raiseVirq(Virq.timer);
    return NEVER_MS;
  }

  registerRunstateArea(area: RegisteredArea, nowMs: number): void {
    this.area = area;
    this.publish(nowMs);
  }

  /** The vCPU goes from one state to another at `nowMs` of guest time. */
  enter(state: Runstate, nowMs: number): void {
    this.timesMs[this.state] += nowMs - this.enteredMs;
    this.state = state;
    this.enteredMs = nowMs;
    const { values } = this.counters;
    values[DomainCounter.runningMs] = this.timesMs[Runstate.running];
    values[DomainCounter.runnableMs] = this.timesMs[Runstate.runnable];
    values[DomainCounter.blockedMs] = this.timesMs[Runstate.blocked];
    values[DomainCounter.offlineMs] = this.timesMs[Runstate.offline];
    if (state === Runstate.running) this.publish(nowMs);
  }

  /** Run-state info as the guest's struct. */
  runstateInfo(): Uint8Array {
    const view = new DataView(new ArrayBuffer(VcpuRunstateInfo.size));
    VcpuRunstateInfo.write(view, 0, {
      state: this.state,
      stateEntryTime: toNs(this.enteredMs),
      time: this.timesMs.map(toNs),
    });
    return new Uint8Array(view.buffer);
  }

  save(): VcpuState {
    return {
      deadlineMs: this.deadlineMs,
      upcallVector: this.upcallVector,
      runstateArea: this.area,
      runstateNs: this.timesMs.map((ms) => ms * 1e6) as VcpuState['runstateNs'],
      runstateUpdateFlag: this.runstateUpdateFlag,
    };
  }

  /** Throws RangeError for an area outside of the memory or of another size. */
  restore(state: VcpuState, nowMs: number): void {
    checkArea(this.memory, state.runstateArea, VcpuRunstateInfo.size, 'a run-state area');
    this.deadlineMs = state.deadlineMs;
    this.upcallVector = state.upcallVector;
    this.area = state.runstateArea;
    this.runstateUpdateFlag = state.runstateUpdateFlag;
    state.runstateNs.forEach((ns, index) => (this.timesMs[index as Runstate] = ns / 1e6));
    this.enteredMs = nowMs;
  }

  /** Guest and hypervisor share a thread, so the update flag is never seen set; it is kept anyway. */
  private publish(nowMs: number): void {
    if (this.area.length === 0) return;
    for (const { physical, length } of this.area) this.memory.wrote(physical, length);
    const { view, bytes } = this.memory;
    const [only] = this.area;
    if (this.area.length > 1 || !only) {
      let done = 0;
      const info = this.runstateInfo();
      for (const piece of this.area) {
        bytes.set(info.subarray(done, (done += piece.length)), piece.physical);
      }
      return;
    }
    const at = only.physical;
    const entryTime = toNs(nowMs);
    const entryAt = at + VcpuRunstateInfo.offset.stateEntryTime;
    view.setInt32(at, this.state, true);
    if (this.runstateUpdateFlag) view.setBigUint64(entryAt, entryTime | RUNSTATE_UPDATE, true);
    for (let index = 0; index < 4; index++) {
      const ns = toNs(this.timesMs[index as Runstate]);
      view.setBigUint64(at + VcpuRunstateInfo.offset.time + index * 8, ns, true);
    }
    view.setBigUint64(entryAt, entryTime, true);
  }
}

function toNs(ms: number): bigint {
  return BigInt(Math.max(0, Math.round(ms * 1e6)));
}
