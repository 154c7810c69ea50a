/**
 * What is translated of a guest's code goes to the thread that will run it beside the stream of its
 * state, never in it: a module cannot be sent over a network, and what a stream says is not executed.
 */
import { receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type {
  Domain,
  ExpectedCode,
  TranslatedCode,
  TranslatedFunction,
} from '../../hypervisor/index.ts';
import type { LiveSendOptions } from '../../migration/index.ts';

interface Code {
  books: Omit<TranslatedCode, 'functions'>;
  /** A module that was announced is named by its number. */
  functions: (Omit<TranslatedFunction, 'module'> & { module: WebAssembly.Module | number })[];
}

/** For a {@link LiveSend}, before it begins. */
export function codeBeside(
  domain: Domain,
  port: MessagePort | undefined,
): Pick<LiveSendOptions, 'shareCode'> {
  if (!port) return {};
  const sender = new CodeSender(domain, port);
  return { shareCode: () => sender.share() };
}

class CodeSender {
  private readonly domain: Domain;
  private readonly port: MessagePort;
  private readonly announced = new Map<WebAssembly.Module, number>();

  /** Before the stream begins. */
  constructor(domain: Domain, port: MessagePort) {
    this.domain = domain;
    this.port = port;
    const { linearBytes, functions } = domain.engine;
    const modules = functions.map(({ module }) => module);
    for (const [number, module] of modules.entries()) this.announced.set(module, number);
    port.postMessage({ linearBytes, modules } satisfies ExpectedCode);
  }

  /** Between slices, once; false while the guest's code is being compiled. */
  share(): boolean {
    const { engine } = this.domain;
    if (engine.pendingCompilations > 0) return false;
    const { functions, ...books } = engine.shareCode();
    const numbered = functions.map(({ module, ...rest }) => ({
      ...rest,
      module: this.announced.get(module) ?? module,
    }));
    this.port.postMessage({ books, functions: numbered } satisfies Code);
    this.port.close();
    return true;
  }
}

export class CodeReceiver {
  private readonly port: MessagePort | null;
  private modules: WebAssembly.Module[] = [];

  constructor(port: MessagePort | undefined) {
    this.port = port ?? null;
  }

  /** When the stream begins. */
  announced(): ExpectedCode | null {
    const message = this.receive() as ExpectedCode | null;
    this.modules = message?.modules ?? [];
    return message;
  }

  /** What was sent, when the stream says that it was. */
  take(): TranslatedCode | null {
    const message = this.receive() as Code | null;
    this.port?.close();
    if (!message) return null;
    const functions = message.functions.map(({ module, ...rest }) => ({
      ...rest,
      module: typeof module === 'number' ? this.modules[module]! : module,
    }));
    return { ...message.books, functions };
  }

  private receive(): unknown {
    const received = this.port && receiveMessageOnPort(this.port);
    return received ? (received as { message: unknown }).message : null;
  }
}
