/** A host's worker as the toolstack sees it. To end it ends all its domains' workers. */
import type { Worker } from 'node:worker_threads';
import { HostFrames } from '../../hypervisor/index.ts';
import type { HostCalls, HostEvents, HostWorkerData } from '../control/host.contract.ts';
import { WorkerLink } from '../control/worker-link.ts';

/** Starts `main/workers/host.worker.ts`; which file that is, only the workers know. */
export type HostWorkerFactory = (data: HostWorkerData) => Worker;

/** What a host's machine is, whatever it is for. */
export type HostMachine = Omit<HostWorkerData, 'counters'>;

export class HostLink extends WorkerLink<HostCalls, HostEvents> {
  readonly machine: HostMachine;
  readonly frames: HostFrames;

  private constructor(machine: HostMachine, frames: HostFrames, worker: Worker) {
    super(worker, `host ${machine.name}`, 'its worker');
    this.machine = machine;
    this.frames = frames;
  }

  /** Settles once the host serves calls. Fails with what its worker failed with. */
  static async start(machine: HostMachine, factory: HostWorkerFactory): Promise<HostLink> {
    const frames = new HostFrames();
    const worker = factory({ ...machine, counters: frames.buffer });
    const link = new HostLink(machine, frames, worker);
    await link.call('xenstore.list', { path: '/' });
    return link;
  }

  get freeKiB(): number {
    return this.frames.free * 4;
  }
}
