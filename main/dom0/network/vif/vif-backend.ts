/** The back end of one virtual network interface: its two rings, its ports, and when they are served. */
import type { FrameConsumer, FrameProducer } from '../../../../shared/ring/frame-ring.ts';
import type { BackendPort, GrantMapping } from '../../../hypervisor/index.ts';
import { NetifRingEntryBytes } from '../../../hypervisor/index.ts';
import { BackRing, RingBroken } from '../../rings/back-ring.ts';
import { VifReceiver } from './vif-receiver.ts';
import type { VifMemory } from './vif-transmitter.ts';
import { VifTransmitter } from './vif-transmitter.ts';

export interface VifBackendOptions extends VifMemory {
  /** To the switch, and from it. */
  out: FrameProducer;
  into: FrameConsumer;
  onFault(what: string): void;
  /** Its rings are broken: it is served no more. Told once. */
  onBroken(what: string): void;
}

export interface VifConnection {
  /** Mapped for writing; the back end unmaps them when it closes. */
  tx: GrantMapping;
  rx: GrantMapping;
  txPort: BackendPort;
  /** The same where there is one for both. */
  rxPort: BackendPort;
}

export class VifBackend {
  private readonly options: VifBackendOptions;
  private readonly connection: VifConnection;
  private readonly txRing: BackRing;
  private readonly rxRing: BackRing;
  private readonly transmitter: VifTransmitter;
  private readonly receiver: VifReceiver;
  private broken = false;
  private isServing = false;
  /** The guest asked to hear of what was sent, while it was sending. */
  private sentDue = false;

  constructor(options: VifBackendOptions, connection: VifConnection) {
    const { memory } = options;
    this.options = options;
    this.connection = connection;
    this.txRing = new BackRing(memory, [connection.tx.gfn], NetifRingEntryBytes.tx);
    this.rxRing = new BackRing(memory, [connection.rx.gfn], NetifRingEntryBytes.rx);
    this.transmitter = new VifTransmitter({ ...options, ring: this.txRing });
    this.receiver = new VifReceiver({ ...options, ring: this.rxRing });
  }

  /**
   * Called by the guest, inside its instruction. What was sent is answered at once and told later:
   * Linux looks itself right after it has told of a packet, and would only be interrupted for it.
   */
  serviceCall(): void {
    this.move();
    if (this.txRing.publish()) this.sentDue = true;
    if (this.rxRing.publish()) this.connection.rxPort.notify();
  }

  /** Between the guest's instructions. */
  service(): void {
    this.move();
    if (this.txRing.publish()) this.sentDue = true;
    const isTold = this.tellSent();
    const { txPort, rxPort } = this.connection;
    if (this.rxRing.publish() && (rxPort !== txPort || !isTold)) rxPort.notify();
  }

  /** After the guest's turn: tells it of what was sent and it has not seen. */
  tellSent(): boolean {
    if (!this.sentDue) return false;
    this.sentDue = false;
    if (this.broken || !this.txRing.hasUnseen) return false;
    this.connection.txPort.notify();
    return true;
  }

  /** Moves what can be moved, both ways. */
  private move(): void {
    if (this.broken || this.isServing) return;
    this.isServing = true;
    try {
      this.transmitter.service();
      this.receiver.service();
    } catch (error) {
      if (!(error instanceof RingBroken)) throw error;
      this.broken = true;
      this.options.onBroken(error.message);
    } finally {
      this.isServing = false;
    }
  }

  close(): void {
    const { tx, rx, txPort, rxPort } = this.connection;
    this.broken = true;
    for (const port of new Set([txPort, rxPort])) port.close();
    for (const mapping of [tx, rx]) this.options.grants.unmap(mapping);
  }
}
