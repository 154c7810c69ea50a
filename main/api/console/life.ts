/**
 * One life of a guest at its console: drains the output ring as fast as the terminal parses, which
 * is what slows a guest down that prints without end, so that nothing is lost and nothing grows.
 */
import { RingConsumer } from '../../../shared/ring/byte-ring.ts';
import type { ConsoleRings } from '../../toolstack/control/host.contract.ts';
import { InputQueue } from './input-queue.ts';

const CHUNK_BYTES = 64 * 1024;
/**
 * Output that trickles is gathered for this long, so that a guest which prints byte by byte costs
 * 250 frames a second at most. The first byte after a silence goes at once: it is an echo.
 */
const GATHER_MS = 4;
const SMALL_BYTES = 4 * 1024;

export interface LifeOutput {
  /** One piece of output, never empty. */
  take(bytes: Uint8Array): void;
  /** Settles when more can be taken. */
  ready(): Promise<void>;
}

export class Life {
  readonly input: InputQueue;
  private readonly ring: RingConsumer;
  private readonly output: LifeOutput;
  private ended = false;
  private lastReadAtMs = 0;

  constructor(rings: ConsoleRings, doorbell: SharedArrayBuffer, output: LifeOutput) {
    this.ring = new RingConsumer(rings.output);
    this.input = new InputQueue(rings.input, doorbell);
    this.output = output;
  }

  async run(): Promise<void> {
    while (!this.ended) {
      await this.ring.readableOrNudged();
      await this.gather();
      await this.output.ready();
      if (this.ended) return;
      this.readChunk();
      if (this.ring.closed && this.ring.used === 0) return;
    }
  }

  /** Takes what is in the ring now, at once. */
  drain(): void {
    for (let left = this.ring.used; left > 0; left -= CHUNK_BYTES) this.readChunk();
  }

  /** Drains, and lets go of the rings. */
  end(): void {
    if (this.ended) return;
    this.drain();
    this.ended = true;
    this.ring.nudge();
    this.input.end();
  }

  private readChunk(): void {
    const bytes = this.ring.read(CHUNK_BYTES);
    this.lastReadAtMs = performance.now();
    if (bytes.length > 0) this.output.take(bytes);
  }

  private async gather(): Promise<void> {
    const waitMs = this.lastReadAtMs + GATHER_MS - performance.now();
    if (waitMs <= 0 || this.ring.used >= SMALL_BYTES) return;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}
