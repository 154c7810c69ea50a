/** The ends of a flow in a thread with an event loop: file writers and readers, host workers. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';
import { DomusError } from '../../../shared/errors.ts';
import type { Doorbell } from '../../../shared/ring/doorbell.ts';
import { DEFAULT_WINDOW_BYTES, nowMs, transferList } from './flow.contract.ts';
import type { FlowMessage } from './flow.contract.ts';
import { linkError } from './link-error.ts';
import { SpareBuffers } from './spare-buffers.ts';

export interface AsyncFlowOptions {
  /** Of the thread right behind `port`, if that sleeps on one. */
  peerDoorbell?: Doorbell;
}

function post(port: MessagePort, message: FlowMessage, options: AsyncFlowOptions): void {
  port.postMessage(message, transferList(message));
  options.peerDoorbell?.ring();
}

function goneError(): DomusError {
  return linkError('link.end-gone', 'the worker at the other end ended before the flow was over');
}

/**
 * Calls `onChunk` for each chunk, one after another, and settles when the sender has closed. A
 * chunk is valid until the call (or its promise) is done. What `onChunk` throws aborts the flow.
 *
 * @throws DomusError: the sender's abort, `link.end-gone`, `link.out-of-order`
 */
export function receiveFlow(
  port: MessagePort,
  onChunk: (chunk: Uint8Array<ArrayBuffer>) => void | Promise<void>,
  options: AsyncFlowOptions = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    let chunks = 0;
    let over = false;
    let work: Promise<void> = Promise.resolve();

    const fail = (error: unknown): void => {
      if (over) return;
      over = true;
      post(port, { kind: 'abort', error: DomusError.toData(error) }, options);
      port.close();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const take = async (message: FlowMessage): Promise<void> => {
      if (over) return;
      if (message.kind === 'abort') throw DomusError.from(message.error);
      if (message.kind === 'close' && message.chunks === chunks) {
        over = true;
        port.close();
        resolve();
        return;
      }
      if (message.kind !== 'data' || message.seq !== chunks) {
        throw linkError('link.out-of-order', `chunk ${chunks} of the flow did not come in turn`);
      }
      chunks++;
      const { buffer, bytes, dueMs } = message;
      if (dueMs > nowMs()) await sleep(dueMs - nowMs());
      await onChunk(new Uint8Array(buffer, 0, bytes));
      post(port, { kind: 'credit', buffer, bytes }, options);
    };
    port.on('message', (message: FlowMessage) => {
      work = work.then(() => take(message)).catch(fail);
    });
    port.on('close', () => {
      work = work.then(() => fail(goneError()));
    });
  });
}

/** Sends chunks; each {@link send} settles when there is room for the next. */
export class FlowSender {
  private readonly port: MessagePort;
  private readonly options: AsyncFlowOptions;
  private readonly windowBytes: number;
  private readonly spare = new SpareBuffers();
  private unacknowledged = 0;
  private chunks = 0;
  private failure: DomusError | null = null;
  private wake: () => void = () => undefined;

  constructor(
    port: MessagePort,
    options: AsyncFlowOptions & {
      /** Bytes that may be sent and not yet used by the receiver; default 4 MiB. */
      windowBytes?: number;
    } = {},
  ) {
    this.port = port;
    this.options = options;
    this.windowBytes = options.windowBytes ?? DEFAULT_WINDOW_BYTES;
    port.on('message', (message: FlowMessage) => {
      if (message.kind === 'credit') {
        this.unacknowledged -= message.bytes;
        this.spare.giveBack(message.buffer);
      }
      if (message.kind === 'abort') this.fail(DomusError.from(message.error));
      this.wake();
    });
    port.on('close', () => this.fail(goneError()));
  }

  /** For the next chunk. */
  allocate(bytes: number): Uint8Array<ArrayBuffer> {
    return this.spare.take(bytes);
  }

  /**
   * Takes the chunk's buffer away. One call at a time.
   *
   * @throws DomusError: the receiver's abort, or `link.end-gone`
   */
  async send(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    const owned = chunk.byteOffset === 0 ? chunk : chunk.slice();
    const bytes = owned.length;
    while (this.unacknowledged > 0 && this.unacknowledged + bytes > this.windowBytes) {
      if (this.failure) throw this.failure;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    if (this.failure) throw this.failure;
    this.unacknowledged += bytes;
    const seq = this.chunks++;
    post(this.port, { kind: 'data', seq, buffer: owned.buffer, bytes, dueMs: 0 }, this.options);
  }

  close(): void {
    if (this.failure) throw this.failure;
    post(this.port, { kind: 'close', chunks: this.chunks }, this.options);
    this.failure = linkError('link.over', 'the flow is over: nothing more can be sent');
  }

  abort(error: unknown): void {
    if (this.failure) return;
    post(this.port, { kind: 'abort', error: DomusError.toData(error) }, this.options);
    this.fail(linkError('link.over', 'the flow was aborted here'));
  }

  private fail(error: DomusError): void {
    this.failure ??= error;
    this.port.close();
    this.wake();
  }
}
