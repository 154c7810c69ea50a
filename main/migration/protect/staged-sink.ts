/**
 * Between a stream's writer and its link: while it holds, what is written waits here, so that a
 * domain that stands still waits for no link.
 */
import type { LiveSink } from '../domain/live-send.ts';

export class StagedSink implements LiveSink {
  private readonly link: LiveSink;
  private readonly waiting: Uint8Array<ArrayBuffer>[] = [];
  private waitingBytes = 0;
  private isHolding = false;

  constructor(link: LiveSink) {
    this.link = link;
  }

  /** From now on chunks wait until {@link pump}. */
  hold(): void {
    this.isHolding = true;
  }

  /** Sends what the link takes without waiting. @throws what the link has failed with */
  pump(): void {
    for (let chunk = this.waiting[0]; chunk; chunk = this.waiting[0]) {
      if (!this.link.hasRoom(chunk.length)) return;
      this.waiting.shift();
      this.waitingBytes -= chunk.length;
      this.link.send(chunk);
    }
    this.link.hasRoom(0); // takes what came back
  }

  /** Of both: what waits here, and what the receiver has not used yet. */
  get inFlightBytes(): number {
    return this.link.inFlightBytes + this.waitingBytes;
  }

  hasRoom(bytes: number): boolean {
    return this.link.hasRoom(bytes);
  }

  allocate(bytes: number): Uint8Array<ArrayBuffer> {
    return this.link.allocate(bytes);
  }

  send(chunk: Uint8Array<ArrayBuffer>): void {
    if (!this.isHolding) return this.link.send(chunk);
    this.waiting.push(chunk);
    this.waitingBytes += chunk.length;
  }

  close(): void {
    this.link.close();
  }

  abort(error: unknown): void {
    this.waiting.length = 0;
    this.waitingBytes = 0;
    this.link.abort(error);
  }
}
