/**
 * A pipe of frames over a message port, with the flow control that ports lack.
 *
 * Messages: a string or bytes is a frame; a number acknowledges that many of the frames' bytes
 * (characters of a string). The sender knows what is still under way and waits, or pauses its own
 * source, above a limit of its choosing. `null` says that the sender closes.
 */
import type { MessagePort } from 'node:worker_threads';

export type Frame = string | Uint8Array;
type Message = Frame | number | null;

export interface FrameReceiver {
  /** The frame is acknowledged when this returns, or when its promise settles. */
  frame(frame: Frame): void | Promise<void>;
  /** Called once: the other side closed, or its thread ended. */
  closed(): void;
}

export class FramePort {
  private readonly port: MessagePort;
  private readonly receiver: FrameReceiver;
  private underWay = 0;
  private isClosed = false;
  private waiters: { limit: number; resolve(): void }[] = [];

  constructor(port: MessagePort, receiver: FrameReceiver) {
    this.port = port;
    this.receiver = receiver;
    port.on('message', (message: Message) => this.receive(message));
    port.on('close', () => this.end());
  }

  /** Bytes sent and not yet acknowledged. */
  get unacknowledged(): number {
    return this.underWay;
  }

  get closed(): boolean {
    return this.isClosed;
  }

  send(frame: Frame): void {
    if (this.isClosed) return;
    this.underWay += frame.length;
    this.port.postMessage(frame);
  }

  /** Settles when fewer than `limit` bytes are under way, or the pipe closed. */
  whenBelow(limit: number): Promise<void> {
    if (this.isClosed || this.underWay < limit) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push({ limit, resolve }));
  }

  close(): void {
    if (this.isClosed) return;
    this.port.postMessage(null);
    this.end();
    this.port.close();
  }

  private receive(message: Message): void {
    if (this.isClosed) return;
    if (message === null) return this.end();
    if (typeof message === 'number') return this.acknowledged(message);
    const size = message.length;
    const taken = this.receiver.frame(message);
    if (taken) {
      const acknowledge = (): void => this.acknowledge(size);
      void taken.then(acknowledge, acknowledge);
    } else {
      this.acknowledge(size);
    }
  }

  private acknowledge(bytes: number): void {
    if (!this.isClosed) this.port.postMessage(bytes);
  }

  private acknowledged(bytes: number): void {
    this.underWay -= bytes;
    this.release((waiter) => this.underWay < waiter.limit);
  }

  private end(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.release(() => true);
    this.port.close();
    this.receiver.closed();
  }

  private release(ready: (waiter: { limit: number }) => boolean): void {
    const released = this.waiters.filter(ready);
    this.waiters = this.waiters.filter((waiter) => !released.includes(waiter));
    for (const waiter of released) waiter.resolve();
  }
}
