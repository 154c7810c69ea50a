/** A host's worker as the toolstack sees it: started, spoken to, ended. */
import type { MessagePort, Worker } from 'node:worker_threads';
import { Channel } from '../../../shared/channel/channel.ts';
import type { CallOptions, ChannelMessage } from '../../../shared/channel/channel.ts';
import { HostFrames } from '../../hypervisor/index.ts';
import type { HostCalls, HostEvents, HostWorkerData } from '../control/host.contract.ts';

/** Starts `main/workers/host.worker.ts`; which file that is, only the workers know. */
export type HostWorkerFactory = (data: HostWorkerData) => Worker;

/** What a host's machine is, whatever it is for. */
export type HostMachine = Omit<HostWorkerData, 'counters'>;

type Nothing = Record<never, never>;

export class HostLink {
  readonly machine: HostMachine;
  readonly frames = new HostFrames();
  /** Settles with the reason when the worker is gone. */
  readonly exited: Promise<string>;
  readonly on: Channel<HostCalls, HostEvents, Nothing, Nothing>['on'];
  private readonly worker: Worker;
  private readonly channel: Channel<HostCalls, HostEvents, Nothing, Nothing>;
  private gone = false;

  private constructor(machine: HostMachine, factory: HostWorkerFactory) {
    this.machine = machine;
    this.worker = factory({ ...machine, counters: this.frames.buffer });
    this.channel = new Channel<HostCalls, HostEvents, Nothing, Nothing>(
      {
        post: (message, transfer) => this.worker.postMessage(message, transfer as MessagePort[]),
      },
      `host ${machine.name}`,
      {},
    );
    this.on = this.channel.on.bind(this.channel);
    this.worker.on('message', (message: ChannelMessage) => this.channel.deliver(message));
    this.exited = this.watchExit();
  }

  /** Settles once the host serves calls. Fails with what its worker failed with. */
  static async start(machine: HostMachine, factory: HostWorkerFactory): Promise<HostLink> {
    const link = new HostLink(machine, factory);
    await link.call('xenstore.list', { path: '/' });
    return link;
  }

  get isUp(): boolean {
    return !this.gone;
  }

  get freeKiB(): number {
    return this.frames.free * 4;
  }

  call<Name extends keyof HostCalls & string>(
    name: Name,
    params: HostCalls[Name]['params'],
    options?: CallOptions,
  ): Promise<HostCalls[Name]['result']> {
    return this.channel.call(name, params, options);
  }

  /** Ends the worker and, with it, all its domains' workers. */
  async terminate(): Promise<void> {
    await this.worker.terminate();
    await this.exited;
  }

  private watchExit(): Promise<string> {
    return new Promise((resolve) => {
      let reason = 'its worker ended';
      this.worker.on('error', (error: Error) => (reason = `its worker failed: ${error.message}`));
      this.worker.on('exit', () => {
        this.gone = true;
        this.channel.close(reason);
        resolve(reason);
      });
    });
  }
}
