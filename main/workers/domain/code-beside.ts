/**
 * What is translated of a guest's code goes to the thread that will run it beside the stream of its
 * state, never in it: a module cannot be sent over a network, and what a stream says is not executed.
 */
import { receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { Domain, TranslatedCode } from '../../hypervisor/index.ts';

/** First how much memory the emulator has, then what it has translated. */
type Beside = { linearBytes: number } | { code: TranslatedCode };

export class CodeSender {
  private readonly domain: Domain;
  private readonly port: MessagePort;

  /** Before the stream begins. */
  constructor(domain: Domain, port: MessagePort) {
    this.domain = domain;
    this.port = port;
    this.send({ linearBytes: domain.engine.linearBytes });
  }

  /** Between slices, once; false while the guest's code is being compiled. */
  share(): boolean {
    const { engine } = this.domain;
    if (engine.pendingCompilations > 0) return false;
    this.send({ code: engine.shareCode() });
    this.port.close();
    return true;
  }

  private send(message: Beside): void {
    this.port.postMessage(message);
  }
}

export class CodeReceiver {
  private readonly port: MessagePort | null;

  constructor(port: MessagePort | undefined) {
    this.port = port ?? null;
  }

  /**
   * When the stream begins: bytes that the emulator's memory will have to have. To grow is to collect
   * garbage, for V8: it is done long before the domain stands still.
   */
  expectedBytes(): number {
    const message = this.receive();
    return message && 'linearBytes' in message ? message.linearBytes : 0;
  }

  /** What was sent, when the stream says that it was. */
  take(): TranslatedCode | null {
    const message = this.receive();
    this.port?.close();
    return message && 'code' in message ? message.code : null;
  }

  private receive(): Beside | null {
    const received = this.port && receiveMessageOnPort(this.port);
    return received ? (received as { message: Beside }).message : null;
  }
}
