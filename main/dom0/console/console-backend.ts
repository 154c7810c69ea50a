/**
 * The back end of one PV console: between its page in guest memory and two rings to the console
 * worker. Output that those do not take stays in the guest's page: nothing is lost, nothing grows,
 * and a guest that prints without end waits.
 */
import type { BackendPort } from '../../hypervisor/index.ts';
import type { RingConsumer, RingProducer } from '../../../shared/ring/byte-ring.ts';
import type { ConsolePeer } from './console-ring.ts';
import { serviceConsoleRing } from './console-ring.ts';

export interface ConsoleBackendOptions {
  /** The page now; null when the guest took its grant back. */
  page: () => Uint8Array | null;
  output: RingProducer;
  input: RingConsumer;
  /** Counts bytes that went through. */
  count(out: number, into: number): void;
  /** The front end broke its own console; told once. */
  onBroken(): void;
}

export class ConsoleBackend {
  private readonly options: ConsoleBackendOptions;
  private readonly peer: ConsolePeer;
  private port: BackendPort | null = null;
  private broken = false;
  private serving = false;

  constructor(options: ConsoleBackendOptions) {
    this.options = options;
    this.peer = {
      takeOutput: (bytes) => {
        const taken = options.output.write(bytes);
        options.count(taken, 0);
        return taken;
      },
      giveInput: (limit) => {
        const bytes = options.input.read(limit);
        options.count(0, bytes.length);
        return bytes;
      },
    };
  }

  /** The event channel is bound: from now on the front end can be notified. */
  attach(port: BackendPort): void {
    this.port = port;
  }

  detach(): void {
    this.port?.close();
    this.port = null;
  }

  /** Moves what can be moved. True when output waits that the ring did not take. */
  service(): boolean {
    // A notification can arrive from within: one service is enough.
    if (this.serving || this.broken || !this.port) return false;
    const page = this.options.page();
    if (!page) return false;
    this.serving = true;
    const { notify, state } = serviceConsoleRing(page, this.peer);
    this.serving = false;
    if (notify) this.port.notify();
    if (state === 'broken') {
      this.broken = true;
      this.options.onBroken();
    }
    return state === 'blocked';
  }

  /** Gives the console worker a moment to take output; for a guest that spins until it has. */
  waitForRoom(timeoutMs: number): void {
    this.options.output.waitConsumed(timeoutMs);
  }
}
