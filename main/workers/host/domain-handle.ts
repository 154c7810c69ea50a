/** A domain's thread as its host sees it: started warm, spoken to by channel and doorbell, ended. */
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { CallOptions, ChannelMessage } from '../../../shared/channel/channel.ts';
import { Channel } from '../../../shared/channel/channel.ts';
import { Doorbell } from '../../../shared/ring/doorbell.ts';
import type { DomainCalls, DomainEvents, DomainWorkerData } from '../domain/domain.contract.ts';
import { workerUrl } from '../worker-url.ts';

/** Bounds of one domain's thread: the old part of its V8 heap, MiB. Guest memory and generated code lie outside. */
const HEAP_LIMIT_MIB = 192;
/**
 * And of what is new in it. V8 begins a collection as soon as what is new might not fit into what the old
 * part may still grow by: with so small a heap that is always so, unless this bound is small too. One came
 * with every second stop of a move.
 */
const YOUNG_HEAP_LIMIT_MIB = 6;

export class DomainHandle {
  /** Settles with the reason when the thread is gone, for whatever reason. */
  readonly exited: Promise<string>;
  readonly on: Channel<DomainCalls, DomainEvents, Record<never, never>, Record<never, never>>['on'];
  private readonly worker: Worker;
  private readonly control: MessagePort;
  private readonly channel: Channel<
    DomainCalls,
    DomainEvents,
    Record<never, never>,
    Record<never, never>
  >;
  private doorbell: Doorbell | null = null;

  /** @param likelyMemoryKiB what its domain will have, as far as one can guess */
  constructor(engineModule: WebAssembly.Module, likelyMemoryKiB: number | null) {
    const { port1, port2 } = new MessageChannel();
    this.control = port1;
    const data: DomainWorkerData = { control: port2, engineModule, likelyMemoryKiB };
    this.worker = new Worker(workerUrl('domain'), {
      workerData: data,
      transferList: [port2],
      resourceLimits: {
        maxOldGenerationSizeMb: HEAP_LIMIT_MIB,
        maxYoungGenerationSizeMb: YOUNG_HEAP_LIMIT_MIB,
      },
      stdout: false,
      stderr: false,
    });
    const outlet = {
      post: (message: ChannelMessage, transfer: readonly object[]) => {
        port1.postMessage(message, transfer as MessagePort[]);
        this.doorbell?.ring();
      },
    };
    this.channel = new Channel<
      DomainCalls,
      DomainEvents,
      Record<never, never>,
      Record<never, never>
    >(outlet, "the domain's thread", {});
    this.on = this.channel.on.bind(this.channel);
    port1.on('message', (message: ChannelMessage) => this.channel.deliver(message));
    this.exited = this.watchExit();
  }

  /** From now on the thread may sleep: messages ring this. */
  useDoorbell(buffer: SharedArrayBuffer): void {
    this.doorbell = new Doorbell(buffer);
  }

  ring(): void {
    this.doorbell?.ring();
  }

  call<Name extends keyof DomainCalls & string>(
    name: Name,
    params: DomainCalls[Name]['params'],
    options?: CallOptions,
  ): Promise<DomainCalls[Name]['result']> {
    return this.channel.call(name, params, options);
  }

  async terminate(): Promise<void> {
    await this.worker.terminate();
  }

  private watchExit(): Promise<string> {
    return new Promise((resolve) => {
      let reason = 'its thread ended';
      this.worker.on('error', (error: Error & { code?: string }) => {
        reason =
          error.code === 'ERR_WORKER_OUT_OF_MEMORY'
            ? `its thread used more than ${HEAP_LIMIT_MIB} MiB of heap`
            : `its thread failed: ${error.message}`;
      });
      this.worker.on('exit', () => {
        this.channel.close(reason);
        this.control.close();
        resolve(reason);
      });
    });
  }
}

/** A guest that has just come has work to do, and a thread takes half a second of a processor to warm. */
const LEISURE_MS = 5000;

/** Keeps one thread warm ahead of need, so that a new domain does not wait for one. */
export class WarmThreads {
  private readonly engineModule: WebAssembly.Module;
  private spare: DomainHandle | null = null;
  private leisure: NodeJS.Timeout | null = null;

  constructor(engineModule: WebAssembly.Module) {
    this.engineModule = engineModule;
  }

  take(): DomainHandle {
    const handle = this.spare ?? new DomainHandle(this.engineModule, null);
    this.spare = null;
    return handle;
  }

  /**
   * Call when there is leisure for it.
   *
   * @param likelyMemoryKiB what the next domain will have: probably what the last one has
   */
  prepare(likelyMemoryKiB: number | null): void {
    this.spare ??= new DomainHandle(this.engineModule, likelyMemoryKiB);
  }

  /** As {@link prepare}, but not now. */
  prepareLater(likelyMemoryKiB: number | null): void {
    if (this.leisure) clearTimeout(this.leisure);
    this.leisure = setTimeout(() => this.prepare(likelyMemoryKiB), LEISURE_MS).unref();
  }
}
