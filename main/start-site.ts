/** Starts the site's threads, wires them (`api/threads.contract.ts`), and waits for their end. */
import { setTimeout } from 'node:timers/promises';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort, Transferable } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import type { Channel } from '../shared/channel/channel.ts';
import { DomusError } from '../shared/errors.ts';
import type { ErrorData } from '../shared/errors.ts';
import { portChannel } from './api/port-channel.ts';
import { connectPort } from './api/rpc/port-client.ts';
import type {
  ApiCalls,
  ApiEvents,
  ApiWorkerData,
  ConsoleServeCalls,
  RpcCalls,
  ToolstackEvents,
  ToolstackWorkerData,
} from './api/threads.contract.ts';
import type {
  ConsoleViewerCalls,
  ConsoleWorkerData,
} from './toolstack/control/console.contract.ts';
import { createHome, resolveHome } from './toolstack/home.ts';
import { workerUrl } from './workers/worker-url.ts';

export interface StartSiteOptions {
  /** Else `DOMUS_HOME`, else the platform's data folder. */
  home: string | undefined;
  /** First, the demo domains are made. */
  demo: boolean;
  version: string;
  /** On 127.0.0.1; the next free one if it is taken, any free one for 0. Default 8000. */
  port?: number;
  logLevel?: ToolstackWorkerData['logLevel'];
  /** The built user interface; default: beside this program. */
  rendererFolder?: string;
}

export interface RunningSite {
  /** Of the API, without the token. */
  readonly url: string;
  readonly token: string;
  /** A port to the API for one client, in the manner of `FramePort`. */
  connectRpc(): MessagePort;
  /** A port to a domain's console, by name or UUID. Errors: {@link DomusError}. */
  connectConsole(domain: string): Promise<MessagePort>;
  /** Settles when a thread that nothing works without ended by itself. */
  readonly failed: Promise<DomusError>;
  /** Settles when `site.shutdown` was called and everything is written down. */
  readonly ended: Promise<void>;
  /**
   * Writes everything down and ends every thread. False when one of them stands in a call of the
   * system's that does not come back: then the process cannot exit, either.
   */
  stop(): Promise<boolean>;
}

type None = Record<never, never>;
type Toolstack = Channel<RpcCalls, ToolstackEvents, None, None>;
type Consoles = Channel<ConsoleViewerCalls & ConsoleServeCalls, None, None, None>;

const DEFAULT_PORT = 8000;
/** Threads end at once, but for what the system does not give back. */
const TERMINATE_MS = 5_000;
/**
 * Of the process, for files and names: a folder that does not answer keeps one of them, and so does each
 * upload and download there, of which there are 32 at most.
 */
const FILE_THREADS = 48;

/**
 * Settles when the API answers. Errors: {@link DomusError}: home in use or unusable, no free port,
 * a corrupt engine.
 */
export async function startSite(options: StartSiteOptions): Promise<RunningSite> {
  // Read when the first of them is needed.
  process.env['UV_THREADPOOL_SIZE'] ??= String(FILE_THREADS);
  const home = resolveHome({ home: options.home });
  createHome(home);
  const site = new SiteThreads();
  try {
    await site.start(options, home);
  } catch (error) {
    await site.terminate();
    throw error;
  }
  return site;
}

class SiteThreads implements RunningSite {
  url = '';
  token = '';
  readonly failed: Promise<DomusError>;
  readonly ended: Promise<void>;
  private readonly failure = Promise.withResolvers<DomusError>();
  private readonly end = Promise.withResolvers<void>();
  private readonly workers: Worker[] = [];
  private toolstack!: Toolstack;
  private consoles!: Consoles;
  private api!: Channel<ApiCalls, ApiEvents, None, None>;
  private stopping = false;
  private hasEnded = false;
  private closing: Promise<void> | null = null;

  constructor() {
    this.failed = this.failure.promise;
    this.ended = this.end.promise;
  }

  async start(options: StartSiteOptions, home: { folder: string; cache: string }): Promise<void> {
    const hub = new MessageChannel();
    const consoleData: ConsoleWorkerData = { toolstack: hub.port1 };
    const consoleWorker = this.spawn('console', consoleData, [hub.port1]);
    this.consoles = portChannel(consoleWorker, 'the console worker', {});

    const toolstackData: ToolstackWorkerData = {
      home: home.folder,
      cache: home.cache,
      version: options.version,
      demo: options.demo,
      logLevel: options.logLevel ?? 'info',
      console: hub.port2,
    };
    const toolstackWorker = this.spawn('toolstack', toolstackData, [hub.port2]);
    this.toolstack = portChannel(toolstackWorker, 'the toolstack', {});
    this.toolstack.on('stopped', () => {
      this.hasEnded = true;
      void this.closeApi().then(() => this.end.resolve());
    });
    await this.answer<unknown>((ready, failed) => {
      this.toolstack.on('ready', ready);
      this.toolstack.on('failed', failed);
    });
    await this.startApi(options, home);
  }

  connectRpc(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    // A toolstack that is gone shows as a closed port.
    this.toolstack
      .call('rpc.connect', { port: port2 }, { transfer: [port2] })
      .catch(() => port1.close());
    return port1;
  }

  async connectConsole(domain: string): Promise<MessagePort> {
    const rpc = this.connectRpc();
    try {
      const { uuid } = await connectPort(rpc).domains.get({ domain });
      const { port1, port2 } = new MessageChannel();
      await this.consoles.call('console.connect', { uuid, port: port2 }, { transfer: [port2] });
      return port1;
    } finally {
      rpc.close();
    }
  }

  async stop(): Promise<boolean> {
    this.stopping = true;
    await this.closeApi();
    if (!this.hasEnded) {
      const rpc = this.connectRpc();
      await connectPort(rpc)
        .site.shutdown()
        .catch(() => undefined);
      await Promise.race([this.ended, this.failed]);
      rpc.close();
    }
    return this.terminate();
  }

  async terminate(): Promise<boolean> {
    this.stopping = true;
    const ended = Promise.all(this.workers.map((worker) => worker.terminate())).then(() => true);
    const stuck = setTimeout(TERMINATE_MS, false, { ref: false });
    return Promise.race([ended, stuck]);
  }

  /** From here on nobody finds the program, and connections end. */
  private closeApi(): Promise<void> {
    this.closing ??= this.api.call('api.stop', {}).catch(() => undefined);
    return this.closing;
  }

  private async startApi(
    options: StartSiteOptions,
    home: { folder: string; cache: string },
  ): Promise<void> {
    const [rpc, viewers] = [new MessageChannel(), new MessageChannel()];
    await this.toolstack.call('rpc.serve', { port: rpc.port1 }, { transfer: [rpc.port1] });
    await this.consoles.call(
      'console.serve',
      { port: viewers.port1 },
      { transfer: [viewers.port1] },
    );
    const data: ApiWorkerData = {
      home: home.folder,
      cache: home.cache,
      port: options.port ?? DEFAULT_PORT,
      rendererFolder: options.rendererFolder ?? builtPages(),
      version: options.version,
      toolstack: rpc.port2,
      console: viewers.port2,
    };
    const worker = this.spawn('api', data, [rpc.port2, viewers.port2]);
    this.api = portChannel(worker, 'the API', {});
    const { url, token } = await this.answer<ApiEvents['ready']>((ready, failed) => {
      this.api.on('ready', ready);
      this.api.on('failed', failed);
    });
    this.url = url;
    this.token = token;
  }

  private spawn(
    name: 'api' | 'console' | 'toolstack',
    workerData: unknown,
    transferList: Transferable[],
  ): Worker {
    const worker = new Worker(workerUrl(name), { workerData, transferList });
    let why = 'it ended';
    worker.on('error', (error: Error) => (why = error.stack ?? error.message));
    worker.on('exit', () => {
      if (this.stopping) return;
      this.failure.resolve(
        new DomusError('site.thread-ended', `The ${name} thread of Domus failed: ${why}`),
      );
    });
    this.workers.push(worker);
    return worker;
  }

  /** The thread's `ready`, or what it says instead. */
  private answer<Ready>(
    listen: (
      ready: (payload: Ready) => void,
      failed: (payload: { error: ErrorData }) => void,
    ) => void,
  ): Promise<Ready> {
    return new Promise((resolve, reject) => {
      listen(resolve, ({ error }) => reject(DomusError.from(error)));
      void this.failed.then(reject);
    });
  }
}

/** From the sources `dist/renderer` of the project, from the bundle its neighbour. */
function builtPages(): string {
  const fromSources = import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(fromSources ? '../dist/renderer' : '../renderer', import.meta.url));
}
