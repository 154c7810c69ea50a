/**
 * One direction of a link, as arithmetic over a clock that others keep: what is put in comes out
 * later, no faster than the bandwidth, each flow in its own order, all flows with a share by their weight.
 *
 * The wire takes a turn's bytes of one flow after another (as often as its weight says), of as many
 * messages as that is, so that a flow of small ones has the same share as one of large ones. `wireFreeMs` is when it
 * has sent what it was given; after an idle time it may lie up to `burst` in the past, which is a
 * token bucket: over any time from the start on, at most `burst + bandwidth × time` bytes leave.
 * Because all times follow from earlier ones, and none from when this code happened to be called,
 * a late timer delays a message but never slows the link down.
 */
import type { FlowId } from './flow.contract.ts';

export interface LinkShape {
  bandwidthBytesPerSecond: number;
  /** One way. */
  latencyMs: number;
  /** What may leave at once after an idle time. */
  burstBytes: number;
}

/** The item, and when its last byte is at the other end. */
export interface Arrival<T> {
  flow: FlowId;
  item: T;
  arrivesMs: number;
}

interface Queued<T> {
  item: T;
  bytesLeft: number;
  enqueuedMs: number;
}

interface FlowQueue<T> {
  messages: Queued<T>[];
  /** Not on the wire yet. */
  bytes: number;
  /** Of a link that is too small for all. */
  weight: number;
}

/** A turn takes the link for so long: what one flow may have to wait for another's. */
const TURN_MS = 0.5;
const TURN_BYTES = { least: 4 << 10, most: 64 << 10 };

export class LinkShaper<T> {
  private shape: LinkShape;
  /** In the order of their turns; a flow is here only while it has something to send. */
  private readonly queues = new Map<FlowId, FlowQueue<T>>();
  /** Whose turn it is, and what is left of it. */
  private turn: { flow: FlowId; bytesLeft: number } | null = null;
  private inTransit: Arrival<T>[] = [];
  private wireFreeMs = Number.NEGATIVE_INFINITY;
  private lastArrivalMs = Number.NEGATIVE_INFINITY;

  /** @throws RangeError for a shape that no link has */
  constructor(shape: LinkShape) {
    requireShape(shape);
    this.shape = shape;
  }

  /** Holds for what has not left yet. */
  reshape(shape: LinkShape): void {
    requireShape(shape);
    this.shape = shape;
  }

  /** `atMs` must not run backwards. `weight` holds for the flow until it has nothing to send. */
  enqueue(flow: FlowId, item: T, bytes: number, atMs: number, weight = 1): void {
    const queued = { item, bytesLeft: bytes, enqueuedMs: atMs };
    const queue = this.queues.get(flow);
    if (queue) {
      queue.messages.push(queued);
      queue.bytes += bytes;
    } else this.queues.set(flow, { messages: [queued], bytes, weight });
  }

  /** Of a flow, what the wire has not taken yet. */
  waitingBytes(flow: FlowId): number {
    return this.queues.get(flow)?.bytes ?? 0;
  }

  /** Everything that arrives by `untilMs`, in order. */
  take(untilMs: number): Arrival<T>[] {
    this.transmit(untilMs);
    const split = this.inTransit.findIndex((arrival) => arrival.arrivesMs > untilMs);
    return this.inTransit.splice(0, split < 0 ? this.inTransit.length : split);
  }

  /** When {@link take} should be asked next: null when nothing is under way. */
  get nextMs(): number | null {
    const arrival = this.inTransit[0]?.arrivesMs ?? Number.POSITIVE_INFINITY;
    const next = Math.min(arrival, this.queues.size === 0 ? arrival : this.nextStartMs());
    return next === Number.POSITIVE_INFINITY ? null : next;
  }

  /** Forgets what a flow has not sent yet; what is on the wire still arrives. */
  dropFlow(flow: FlowId): void {
    this.queues.delete(flow);
    if (this.turn?.flow === flow) this.turn = null;
  }

  /** Forgets everything, on the wire too. */
  clear(): void {
    this.queues.clear();
    this.turn = null;
    this.inTransit = [];
  }

  private transmit(untilMs: number): void {
    for (let startMs = this.nextStartMs(); startMs <= untilMs; startMs = this.nextStartMs()) {
      const first = this.queues.entries().next();
      if (first.done === true) return;
      const [flow, queue] = first.value;
      const [head] = queue.messages;
      if (head === undefined) return;
      if (this.turn?.flow !== flow) {
        this.turn = { flow, bytesLeft: this.turnBytes * queue.weight };
      }
      const bytes = Math.min(head.bytesLeft, this.turn.bytesLeft);
      this.wireFreeMs = startMs + (bytes * 1e3) / this.shape.bandwidthBytesPerSecond;
      head.bytesLeft -= bytes;
      queue.bytes -= bytes;
      this.turn.bytesLeft -= bytes;
      if (head.bytesLeft === 0) {
        queue.messages.shift();
        this.depart(flow, head);
      }
      if (!this.turnGoesOn(queue, this.turn.bytesLeft)) this.endTurn(flow, queue);
    }
  }

  /** Only with what waits already when the wire gets free: others may have waited longer. */
  private turnGoesOn({ messages }: FlowQueue<T>, bytesLeft: number): boolean {
    const next = messages[0];
    return bytesLeft > 0 && next !== undefined && next.enqueuedMs <= this.wireFreeMs;
  }

  private endTurn(flow: FlowId, queue: FlowQueue<T>): void {
    this.turn = null;
    this.queues.delete(flow);
    if (queue.messages.length > 0) this.queues.set(flow, queue);
  }

  private get turnBytes(): number {
    const bytes = Math.floor((TURN_MS * this.shape.bandwidthBytesPerSecond) / 1e3);
    return Math.min(TURN_BYTES.most, Math.max(TURN_BYTES.least, bytes));
  }

  private depart(flow: FlowId, { item, enqueuedMs }: Queued<T>): void {
    const leavesMs = Math.max(this.wireFreeMs, enqueuedMs);
    this.lastArrivalMs = Math.max(this.lastArrivalMs, leavesMs + this.shape.latencyMs);
    this.inTransit.push({ flow, item, arrivesMs: this.lastArrivalMs });
  }

  private nextStartMs(): number {
    const turn = this.queues.values().next();
    const head = turn.done === true ? undefined : turn.value.messages[0];
    if (head === undefined) return Number.POSITIVE_INFINITY;
    const burstMs = (this.shape.burstBytes * 1e3) / this.shape.bandwidthBytesPerSecond;
    return Math.max(this.wireFreeMs, head.enqueuedMs - burstMs);
  }
}

function requireShape(shape: LinkShape): void {
  const { bandwidthBytesPerSecond, latencyMs, burstBytes } = shape;
  const finite = [bandwidthBytesPerSecond, latencyMs, burstBytes].every(Number.isFinite);
  if (!finite || bandwidthBytesPerSecond <= 0 || latencyMs < 0 || burstBytes < 0) {
    throw new RangeError(`no link has the shape ${JSON.stringify(shape)}`);
  }
}
