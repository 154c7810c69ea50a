/** A worker thread as the toolstack sees it: started, spoken to, ended. */
import type { MessagePort, Worker } from 'node:worker_threads';
import { Channel } from '../../../shared/channel/channel.ts';
import type {
  CallMap,
  CallOptions,
  ChannelMessage,
  EventMap,
} from '../../../shared/channel/channel.ts';

type Nothing = Record<never, never>;

export class WorkerLink<Calls extends CallMap, Events extends EventMap> {
  readonly on: Channel<Calls, Events, Nothing, Nothing>['on'];
  /** Settles with the reason when the worker is gone. */
  readonly exited: Promise<string>;
  private readonly worker: Worker;
  private readonly channel: Channel<Calls, Events, Nothing, Nothing>;
  private gone = false;

  /**
   * `name` is in errors: "the gateways' worker is gone". `subject` is in the reasons of its end: "it
   * failed: …".
   */
  constructor(worker: Worker, name: string, subject = 'it') {
    this.worker = worker;
    this.channel = new Channel<Calls, Events, Nothing, Nothing>(
      { post: (message, transfer) => worker.postMessage(message, transfer as MessagePort[]) },
      name,
      {},
    );
    this.on = this.channel.on.bind(this.channel);
    worker.on('message', (message: ChannelMessage) => this.channel.deliver(message));
    this.exited = new Promise((resolve) => {
      let reason = `${subject} ended`;
      worker.on('error', (error: Error) => (reason = `${subject} failed: ${error.message}`));
      worker.on('exit', () => {
        this.gone = true;
        this.channel.close(reason);
        resolve(reason);
      });
    });
  }

  get isUp(): boolean {
    return !this.gone;
  }

  call<Name extends keyof Calls & string>(
    name: Name,
    params: Calls[Name]['params'],
    options?: CallOptions,
  ): Promise<Calls[Name]['result']> {
    return this.channel.call(name, params, options);
  }

  async terminate(): Promise<void> {
    await this.worker.terminate();
    await this.exited;
  }
}
