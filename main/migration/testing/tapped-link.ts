/** The cable between two hosts, with a hand on it: it counts what passes, and can be cut. */
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { transferList } from '../link/flow.contract.ts';
import type { FlowMessage, LinkMessage } from '../link/flow.contract.ts';

/** Sees a message of the sender before it goes on; true: the cable is cut instead. */
export type Tap = (message: FlowMessage, chunks: number) => boolean;

export class TappedLink {
  /** For the host that sends. */
  readonly source: MessagePort;
  /** For the host that receives, where the cable is new. */
  readonly target: MessagePort;
  private readonly near: MessagePort;
  private readonly far: MessagePort;
  private readonly tap: Tap;
  private chunks = 0;
  private isCut = false;

  /** @param target the end of a cable that a receiver has the other of; else there is a new one */
  constructor(tap: Tap = () => false, target?: MessagePort) {
    this.tap = tap;
    const [left, right] = [new MessageChannel(), new MessageChannel()];
    this.source = left.port1;
    this.near = left.port2;
    this.far = target ?? right.port2;
    this.target = right.port1;
    this.near.on('message', (message: LinkMessage) => this.fromSource(message));
    this.far.on('message', (message: LinkMessage) => this.pass(message, this.near));
    // A host that dies takes its end along.
    this.near.on('close', () => this.far.close());
    this.far.on('close', () => this.near.close());
  }

  /** What is under way is lost; both hosts notice. */
  cut(): void {
    if (this.isCut) return;
    this.isCut = true;
    for (const port of [this.near, this.far]) port.postMessage({ kind: 'carrier', up: false });
  }

  private fromSource(message: LinkMessage): void {
    if (message.kind === 'flow' && !this.isCut) {
      if (message.message.kind === 'data') this.chunks++;
      if (this.tap(message.message, this.chunks)) this.cut();
    }
    this.pass(message, this.far);
  }

  private pass(message: LinkMessage, to: MessagePort): void {
    if (this.isCut) return;
    to.postMessage(message, message.kind === 'flow' ? transferList(message.message) : []);
  }
}
