/**
 * A host's end of the simulated link to one other host: a thin layer of ports and timers over
 * {@link LinkShaper}. It runs in the host's worker, on an event loop.
 *
 * Messages leave for the other host up to {@link LEAD_MS} early and carry the exact time at which
 * they arrive: timers are no finer than a millisecond, but a receiver that sleeps in Atomics.wait
 * is, and keeps that time.
 */
import type { MessagePort } from 'node:worker_threads';
import type { DomusError } from '../../../shared/errors.ts';
import type { Doorbell } from '../../../shared/ring/doorbell.ts';
import { nowMs, transferList, wireBytes } from './flow.contract.ts';
import type { FlowId, FlowMessage, LinkMessage } from './flow.contract.ts';
import { linkError } from './link-error.ts';
import { LinkShaper } from './link-shaper.ts';
import type { LinkShape } from './link-shaper.ts';

/** A timer of a whole number of milliseconds may be one late; and one for its call-back. */
const LEAD_MS = 2;

export interface LinkEndOptions {
  /** The other host's name, for errors. */
  peerName: string;
  /** Of the direction away from this host. */
  shape: LinkShape;
}

export interface LinkCounters {
  /** Over all flows, in bytes of the link. */
  sentBytes: number;
  receivedBytes: number;
}

interface Flow {
  port: MessagePort;
  doorbell: Doorbell | null;
}

export class LinkEnd {
  readonly counters: LinkCounters = { sentBytes: 0, receivedBytes: 0 };
  private readonly wire: MessagePort;
  private readonly peerName: string;
  private readonly shaper: LinkShaper<FlowMessage>;
  private readonly flows = new Map<FlowId, Flow>();
  private timer: NodeJS.Timeout | null = null;
  private up = true;

  /** `wire` is one of two entangled ports; the other host's worker has the other. */
  constructor(wire: MessagePort, options: LinkEndOptions) {
    this.wire = wire;
    this.peerName = options.peerName;
    this.shaper = new LinkShaper(options.shape);
    wire.on('message', (message: LinkMessage) => this.fromWire(message));
    wire.on('close', () => this.loseCarrier('it went away'));
  }

  get isUp(): boolean {
    return this.up;
  }

  reshape(shape: LinkShape): void {
    this.shaper.reshape(shape);
    this.pump();
  }

  /**
   * Joins a local port to the flow of that name. The receiving host attaches first: data for a
   * flow that is not attached aborts it. `doorbell` is that of the thread behind the port, if it
   * sleeps on one. The port belongs to the link end until the flow is over.
   */
  attach(flow: FlowId, port: MessagePort, doorbell: Doorbell | null = null): void {
    if (this.flows.has(flow)) throw new Error(`flow ${flow} is attached already`);
    this.flows.set(flow, { port, doorbell });
    port.on('message', (message: FlowMessage) => this.fromLocal(flow, message));
    port.on('close', () => this.localGone(flow));
    if (!this.up) this.abortLocal(flow, this.cutError('it is down'));
  }

  /** Pulls the cable: what is under way is lost, and both ends' flows fail with `link.cut`. */
  cut(): void {
    this.wire.postMessage({ kind: 'carrier', up: false } satisfies LinkMessage);
    this.loseCarrier('it was cut');
  }

  /** Plugs it in again, at both ends; new flows work. */
  restore(): void {
    this.wire.postMessage({ kind: 'carrier', up: true } satisfies LinkMessage);
    this.up = true;
  }

  /** Ends this end for good; the other sees a cut. */
  close(): void {
    this.loseCarrier('this host went away');
    this.wire.close();
  }

  private fromLocal(flow: FlowId, message: FlowMessage): void {
    if (!this.flows.has(flow)) return;
    if (message.kind === 'abort') this.shaper.dropFlow(flow);
    this.send(flow, message);
    if (message.kind === 'close' || message.kind === 'abort') this.release(flow);
  }

  private fromWire(message: LinkMessage): void {
    if (message.kind === 'carrier') {
      if (message.up) this.up = true;
      else this.loseCarrier('it was cut');
      return;
    }
    if (!this.up) return;
    this.counters.receivedBytes += wireBytes(message.message);
    this.toLocal(message.flow, message.message);
  }

  private toLocal(flow: FlowId, message: FlowMessage): void {
    const local = this.flows.get(flow);
    if (local) {
      local.port.postMessage(message, transferList(message));
      local.doorbell?.ring();
      if (message.kind === 'abort') this.shaper.dropFlow(flow);
      if (message.kind === 'close' || message.kind === 'abort') this.release(flow);
    } else if (message.kind === 'data' || message.kind === 'close') {
      const error = linkError('link.no-flow', `nobody receives flow ${flow} at the other host`);
      this.send(flow, { kind: 'abort', error: error.toJSON() });
    }
  }

  private localGone(flow: FlowId): void {
    if (!this.flows.has(flow)) return;
    const what = `the worker at the other end of flow ${flow} ended before the flow was over`;
    this.fromLocal(flow, { kind: 'abort', error: linkError('link.end-gone', what).toJSON() });
  }

  private send(flow: FlowId, message: FlowMessage): void {
    if (!this.up) return;
    this.shaper.enqueue(flow, message, wireBytes(message), nowMs());
    this.pump();
  }

  private pump(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    for (const { flow, item, arrivesMs } of this.shaper.take(nowMs() + LEAD_MS)) {
      const message = item.kind === 'data' ? { ...item, dueMs: arrivesMs } : item;
      this.counters.sentBytes += wireBytes(message);
      const framed: LinkMessage = { kind: 'flow', flow, message };
      this.wire.postMessage(framed, transferList(message));
    }
    const next = this.shaper.nextMs;
    if (next === null) return;
    this.timer = setTimeout(() => this.pump(), Math.max(1, Math.ceil(next - nowMs() - LEAD_MS)));
  }

  private loseCarrier(why: string): void {
    this.up = false;
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.shaper.clear();
    for (const flow of [...this.flows.keys()]) this.abortLocal(flow, this.cutError(why));
  }

  private abortLocal(flow: FlowId, error: DomusError): void {
    this.toLocal(flow, { kind: 'abort', error: error.toJSON() });
  }

  /** The flow is over here. Closing delivers first what was posted. */
  private release(flow: FlowId): void {
    const local = this.flows.get(flow);
    this.flows.delete(flow);
    local?.port.close();
  }

  private cutError(why: string): DomusError {
    return linkError('link.cut', `the link to ${this.peerName} failed: ${why}`, {
      peer: this.peerName,
    });
  }
}
