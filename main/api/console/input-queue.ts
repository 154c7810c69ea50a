/**
 * What viewers type, on its way into a guest's input ring. A guest that does not read holds up its
 * viewers' transports, not this process: each frame is acknowledged when the ring has it.
 */
import { RingProducer } from '../../../shared/ring/byte-ring.ts';
import { Doorbell } from '../../../shared/ring/doorbell.ts';

/** What may wait for all viewers together: their transports stop far earlier. */
const MAX_WAITING_BYTES = 1024 * 1024;

interface Waiting {
  bytes: Uint8Array;
  taken(): void;
}

export class InputQueue {
  private readonly ring: RingProducer;
  private readonly doorbell: Doorbell;
  private waiting: Waiting[] = [];
  private waitingBytes = 0;
  private pumping = false;
  private ended = false;

  constructor(ring: SharedArrayBuffer, doorbell: SharedArrayBuffer) {
    this.ring = new RingProducer(ring);
    this.doorbell = new Doorbell(doorbell);
  }

  /**
   * Settles when the ring has taken all of it, or the guest's life ended. False, at once, when
   * too much waits already: nothing of `bytes` is taken then.
   */
  write(bytes: Uint8Array): Promise<void> | false {
    if (this.ended) return Promise.resolve();
    if (this.waitingBytes + bytes.length > MAX_WAITING_BYTES) return false;
    return new Promise((taken) => {
      this.waiting.push({ bytes, taken });
      this.waitingBytes += bytes.length;
      void this.pump();
    });
  }

  /** The guest's life ended: what waits is dropped. */
  end(): void {
    this.ended = true;
    for (const { taken } of this.waiting) taken();
    this.waiting = [];
    this.waitingBytes = 0;
    this.ring.nudge();
  }

  private async pump(): Promise<void> {
    if (this.pumping) return;
    this.pumping = true;
    for (let next = this.waiting[0]; next; next = this.waiting[0]) {
      const seenFree = this.ring.free;
      const count = this.ring.write(next.bytes);
      if (count > 0) this.doorbell.ring();
      this.waitingBytes -= count;
      if (count === next.bytes.length) {
        this.waiting.shift();
        next.taken();
      } else {
        next.bytes = next.bytes.subarray(count);
        if (count === 0) await this.ring.whenConsumed(seenFree);
      }
      if (this.ring.closed) this.end();
    }
    this.pumping = false;
  }
}
