/**
 * One end of a wire between two workers: frames of every network, over a ring each way. What leaves
 * is paced by the sender's outlet; what comes is handed on when it is due.
 *
 * As on a real link, frames that find no room are lost and counted; so is the part of all that the
 * link is said to lose.
 */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { FrameConsumer, FrameProducer } from '../../../shared/ring/frame-ring.ts';
import type { Offload } from '../../dom0/network/index.ts';
import type { LinkOutlet } from '../../migration/index.ts';
import { linkNowMs } from '../../migration/index.ts';
import type { LinkWire } from '../../toolstack/control/link.contract.ts';
import {
  readWireFrame,
  WIRE_HEADER_BYTES,
  WIRE_OVERHEAD_BYTES,
  writeWireFrame,
} from './wire-frame.ts';

/** Frames before others have their turn. */
const TURN_FRAMES = 64;
/** Waiting for the link: what a slow one keeps before it loses frames. Holds some super-frames. */
const BACKLOG_BYTES = 256 << 10;
/** Timers are no finer than a millisecond: what is due sooner than this is taken as due. */
const EARLY_MS = 1;
/** However far the other end says it is: no link is longer. */
const LONGEST_WAIT_MS = 10_000;

export interface WireOptions {
  rings: LinkWire;
  outlet: LinkOutlet;
  /** Names it in the outlet. */
  flow: string;
  /** A frame that came; the view is valid during the call only. */
  receive(network: number, frame: Uint8Array, offload: Offload, isForwarded: boolean): void;
  /** What came through it cannot be: it is not read any more. Told once. */
  broken(why: string): void;
}

export interface WireCounters {
  /** Frames that found no room, in the queue for the link or at the other end, or that it lost. */
  lost: number;
  /** Frames that came and are none. */
  malformed: number;
}

export class Wire {
  readonly counters: WireCounters = { lost: 0, malformed: 0 };
  private readonly options: WireOptions;
  private readonly out: FrameProducer;
  private readonly into: FrameConsumer;
  private isOver = false;

  constructor(options: WireOptions) {
    this.options = options;
    this.out = new FrameProducer(options.rings.sent);
    this.into = new FrameConsumer(options.rings.received);
    void this.carry();
  }

  /** Of the frames that are sent. */
  get lossRatio(): number {
    return this.options.outlet.lossRatio;
  }

  /** Whether a frame of so many bytes would not be lost for what waits already. */
  hasRoom(frameBytes: number): boolean {
    const { outlet, flow } = this.options;
    const bytes = frameBytes + WIRE_OVERHEAD_BYTES;
    return !this.isOver && outlet.waitingBytes(flow) + bytes <= BACKLOG_BYTES;
  }

  /** The view is read during the call only. False when there is no room for it. */
  send(network: number, frame: Uint8Array, offload: Offload, isForwarded: boolean): boolean {
    const { outlet, flow } = this.options;
    const bytes = frame.length + WIRE_OVERHEAD_BYTES;
    if (!this.hasRoom(frame.length)) {
      this.counters.lost++;
      return false;
    }
    let kept = frame;
    let hasLeft = false;
    outlet.enqueueFrame(flow, bytes, (arrivesMs) => {
      hasLeft = true;
      if (arrivesMs === null) this.counters.lost++;
      else this.put({ arrivesMs, network, isForwarded, frame: kept }, offload);
    });
    if (!hasLeft) kept = frame.slice();
    return true;
  }

  close(): void {
    this.isOver = true;
    this.options.outlet.dropFlow(this.options.flow);
    this.into.nudge();
  }

  private put(frame: Parameters<typeof writeWireFrame>[1], offload: Offload): void {
    if (this.isOver) return;
    const isTaken = this.out.write(WIRE_HEADER_BYTES + frame.frame.length, offload, (target) =>
      writeWireFrame(target, frame),
    );
    if (!isTaken) this.counters.lost++;
  }

  private async carry(): Promise<void> {
    try {
      while (!this.isOver) {
        await this.into.readableOrNudged();
        if (this.isOver || this.into.closed) return;
        const earlyMs = this.takeTurn();
        if (earlyMs > 0) await sleep(Math.max(1, earlyMs));
        else await setImmediate();
      }
    } catch (error) {
      this.close();
      this.options.broken((error as Error).message);
    }
  }

  /** Hands on what is due. @returns how long until the next frame is, when that is what it waits for */
  private takeTurn(): number {
    let earlyMs = 0;
    for (let frames = 0; frames < TURN_FRAMES && !this.isOver; frames++) {
      const isTaken = this.into.read((record, offload) => {
        const frame = readWireFrame(record);
        if (frame === null) this.counters.malformed++;
        else {
          earlyMs = earlyOf(frame.arrivesMs);
          if (earlyMs > 0) return false;
          this.options.receive(frame.network, frame.frame, offload, frame.isForwarded);
        }
        return true;
      });
      if (!isTaken) return earlyMs;
    }
    return 0;
  }
}

/** Written so that no number that is none makes anybody wait. */
function earlyOf(arrivesMs: number): number {
  const earlyMs = arrivesMs - linkNowMs();
  return earlyMs > EARLY_MS ? Math.min(earlyMs, LONGEST_WAIT_MS) : 0;
}
