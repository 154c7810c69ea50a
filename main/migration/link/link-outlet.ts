/**
 * All that leaves a host, over whichever of its links: one bandwidth, shared by the flows of
 * migrations and the frames of guests. Timers around a {@link LinkShaper}; on an event loop.
 *
 * What is put in leaves up to {@link LEAD_MS} before it arrives, with the exact time at which it
 * does: timers are no finer than a millisecond.
 */
import { nowMs } from './flow.contract.ts';
import type { FlowId } from './flow.contract.ts';
import { LinkShaper } from './link-shaper.ts';
import type { LinkShape } from './link-shaper.ts';

/**
 * Guests' traffic goes before what is done with guests: of a link that is too small for both it has four
 * parts of five, so that a move is slow then, and ends.
 */
const FRAMES_WEIGHT = 4;
/** A timer of a whole number of milliseconds may be one late; and one for its call-back. */
const LEAD_MS = 2;

/** Sends on. @param arrivesMs by {@link nowMs}, at the other end, its last byte */
type Leave = (arrivesMs: number) => void;

export class LinkOutlet {
  /** The part of all frames that gets lost on the way: 0 up to, and not, 1. */
  readonly lossRatio: number;
  private readonly shaper: LinkShaper<Leave>;
  private readonly random: () => number;
  private timer: NodeJS.Timeout | null = null;

  /** @throws RangeError for a link that cannot be; `random` is as `Math.random` */
  constructor(shape: LinkShape, lossRatio = 0, random: () => number = Math.random) {
    if (!(lossRatio >= 0 && lossRatio < 1)) {
      throw new RangeError(`no link loses ${lossRatio} of its frames`);
    }
    this.shaper = new LinkShaper(shape);
    this.lossRatio = lossRatio;
    this.random = random;
  }

  reshape(shape: LinkShape): void {
    this.shaper.reshape(shape);
    this.pump();
  }

  /**
   * `leave` is called when its time has come: within this call where the link is free. What the link
   * loses of it is sent again, and takes its time.
   */
  enqueue(flow: FlowId, bytes: number, leave: Leave): void {
    this.put(flow, Math.round(bytes / (1 - this.lossRatio)), leave);
  }

  /** As {@link enqueue}, of a frame, which may get lost: `leave` is then called with null. */
  enqueueFrame(flow: FlowId, bytes: number, leave: (arrivesMs: number | null) => void): void {
    const isLost = this.lossRatio > 0 && this.random() < this.lossRatio;
    this.put(flow, bytes, isLost ? () => leave(null) : leave, FRAMES_WEIGHT);
  }

  /** Of a flow, bytes that wait for their turn. */
  waitingBytes(flow: FlowId): number {
    return this.shaper.waitingBytes(flow);
  }

  /** Forgets what a flow has not sent yet; what is on the wire still arrives. */
  dropFlow(flow: FlowId): void {
    this.shaper.dropFlow(flow);
  }

  private put(flow: FlowId, bytes: number, leave: Leave, weight = 1): void {
    this.shaper.enqueue(flow, leave, bytes, nowMs(), weight);
    this.pump();
  }

  private pump(): void {
    for (const { item: leave, arrivesMs } of this.shaper.take(nowMs() + LEAD_MS)) leave(arrivesMs);
    const next = this.shaper.nextMs;
    if (next === null || this.timer) return;
    this.timer = setTimeout(
      () => {
        this.timer = null;
        this.pump();
      },
      Math.max(1, Math.ceil(next - nowMs() - LEAD_MS)),
    );
  }
}
