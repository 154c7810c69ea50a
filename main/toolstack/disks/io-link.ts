/** An I/O worker as the toolstack sees it: started, spoken to, ended. */
import type { MessagePort, Worker } from 'node:worker_threads';
import { Channel } from '../../../shared/channel/channel.ts';
import type { ChannelMessage } from '../../../shared/channel/channel.ts';
import type { DiskServiceCalls, DiskServiceEvents } from '../../dom0/index.ts';

/** Starts `main/workers/io.worker.ts`; which file that is, only the workers know. */
export type IoWorkerFactory = () => Worker;

type Nothing = Record<never, never>;

export class IoLink {
  readonly on: Channel<DiskServiceCalls, DiskServiceEvents, Nothing, Nothing>['on'];
  /** Settles with the reason when the worker, and every access of its, has ended. */
  readonly exited: Promise<string>;
  private readonly worker: Worker;
  private readonly channel: Channel<DiskServiceCalls, DiskServiceEvents, Nothing, Nothing>;

  constructor(factory: IoWorkerFactory) {
    this.worker = factory();
    this.channel = new Channel<DiskServiceCalls, DiskServiceEvents, Nothing, Nothing>(
      {
        post: (message, transfer) => this.worker.postMessage(message, transfer as MessagePort[]),
      },
      'the I/O worker',
      {},
    );
    this.on = this.channel.on.bind(this.channel);
    this.worker.on('message', (message: ChannelMessage) => this.channel.deliver(message));
    this.exited = new Promise((resolve) => {
      let reason = 'it ended';
      this.worker.on('error', (error: Error) => (reason = `it failed: ${error.message}`));
      this.worker.on('exit', () => {
        this.channel.close(reason);
        resolve(reason);
      });
    });
  }

  call<Name extends keyof DiskServiceCalls & string>(
    name: Name,
    params: DiskServiceCalls[Name]['params'],
  ): Promise<DiskServiceCalls[Name]['result']> {
    return this.channel.call(name, params);
  }

  async terminate(): Promise<void> {
    await this.worker.terminate();
    await this.exited;
  }
}
