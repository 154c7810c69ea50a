/**
 * One direction of a link, as arithmetic over a clock that others keep: what is put in comes out
 * later, no faster than the bandwidth, each flow in its own order, all flows with an equal share.
 *
 * The wire takes {@link QUANTUM_BYTES} of one flow after another, in turns. `wireFreeMs` is when it
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

const QUANTUM_BYTES = 64 << 10;

export class LinkShaper<T> {
  private shape: LinkShape;
  /** In the order of their turns; a flow is here only while it has something to send. */
  private readonly queues = new Map<FlowId, Queued<T>[]>();
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

  /** `atMs` must not run backwards. */
  enqueue(flow: FlowId, item: T, bytes: number, atMs: number): void {
    const queued = { item, bytesLeft: bytes, enqueuedMs: atMs };
    const queue = this.queues.get(flow);
    if (queue) queue.push(queued);
    else this.queues.set(flow, [queued]);
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
  }

  /** Forgets everything, on the wire too. */
  clear(): void {
    this.queues.clear();
    this.inTransit = [];
  }

  private transmit(untilMs: number): void {
    for (let startMs = this.nextStartMs(); startMs <= untilMs; startMs = this.nextStartMs()) {
      const turn = this.queues.entries().next();
      if (turn.done === true) return;
      const [flow, queue] = turn.value;
      const [head] = queue;
      if (head === undefined) return;
      const bytes = Math.min(head.bytesLeft, QUANTUM_BYTES);
      this.wireFreeMs = startMs + (bytes * 1e3) / this.shape.bandwidthBytesPerSecond;
      head.bytesLeft -= bytes;
      if (head.bytesLeft === 0) {
        queue.shift();
        this.depart(flow, head);
      }
      this.queues.delete(flow);
      if (queue.length > 0) this.queues.set(flow, queue);
    }
  }

  private depart(flow: FlowId, { item, enqueuedMs }: Queued<T>): void {
    const leavesMs = Math.max(this.wireFreeMs, enqueuedMs);
    this.lastArrivalMs = Math.max(this.lastArrivalMs, leavesMs + this.shape.latencyMs);
    this.inTransit.push({ flow, item, arrivesMs: this.lastArrivalMs });
  }

  private nextStartMs(): number {
    const turn = this.queues.values().next();
    const head = turn.done === true ? undefined : turn.value[0];
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
