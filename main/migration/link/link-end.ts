/**
 * A host's end of the simulated link to one other host: a thin layer of ports over the host's
 * {@link LinkOutlet}. It runs in the host's worker, on an event loop.
 *
 * Chunks carry the exact time at which they arrive: a receiver that sleeps in Atomics.wait keeps it.
 */
import type { MessagePort } from 'node:worker_threads';
import { DomusError } from '../../../shared/errors.ts';
import type { Doorbell } from '../../../shared/ring/doorbell.ts';
import { transferList, wireBytes } from './flow.contract.ts';
import type { FlowId, FlowMessage, LinkMessage } from './flow.contract.ts';
import { linkError } from './link-error.ts';
import type { LinkOutlet } from './link-outlet.ts';

export interface LinkEndOptions {
  /** The other host's name, for errors. */
  peerName: string;
  /** The direction away from this host: one for all of its links. */
  outlet: LinkOutlet;
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

let lastEnd = 0;

export class LinkEnd {
  readonly counters: LinkCounters = { sentBytes: 0, receivedBytes: 0 };
  private readonly wire: MessagePort;
  private readonly peerName: string;
  private readonly outlet: LinkOutlet;
  /** Sets its flows apart in the outlet. */
  private readonly number = ++lastEnd;
  private readonly flows = new Map<FlowId, Flow>();
  private up = true;
  /** One more with each loss of the carrier: what left before it is lost. */
  private losses = 0;

  /** `wire` is one of two entangled ports; the other host's worker has the other. */
  constructor(wire: MessagePort, options: LinkEndOptions) {
    this.wire = wire;
    this.peerName = options.peerName;
    this.outlet = options.outlet;
    wire.on('message', (message: LinkMessage) => this.fromWire(message));
    wire.on('close', () => this.loseCarrier('it went away'));
  }

  get isUp(): boolean {
    return this.up;
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

  /** Ends a flow, and both ends hear why; nothing where it is over. */
  abort(flow: FlowId, reason: unknown): void {
    if (!this.flows.has(flow)) return;
    const error = DomusError.from(DomusError.toData(reason));
    this.abortLocal(flow, error);
    this.send(flow, { kind: 'abort', error: error.toJSON() });
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
    if (message.kind === 'abort') this.outlet.dropFlow(this.nameOf(flow));
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
      if (message.kind === 'abort') this.outlet.dropFlow(this.nameOf(flow));
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
    const { losses } = this;
    this.outlet.enqueue(this.nameOf(flow), wireBytes(message), (arrivesMs) => {
      if (losses === this.losses) this.leave(flow, message, arrivesMs);
    });
  }

  private leave(flow: FlowId, message: FlowMessage, arrivesMs: number): void {
    const timed = message.kind === 'data' ? { ...message, dueMs: arrivesMs } : message;
    this.counters.sentBytes += wireBytes(timed);
    const framed: LinkMessage = { kind: 'flow', flow, message: timed };
    this.wire.postMessage(framed, transferList(timed));
  }

  private nameOf(flow: FlowId): FlowId {
    return `${this.number} ${flow}`;
  }

  private loseCarrier(why: string): void {
    this.up = false;
    this.losses++;
    for (const flow of [...this.flows.keys()]) {
      this.outlet.dropFlow(this.nameOf(flow));
      this.abortLocal(flow, this.cutError(why));
    }
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
