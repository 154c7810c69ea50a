/**
 * How the site's threads are wired: the main thread starts them, hands each pair of them the ends
 * of a message channel, and then only waits for their end.
 *
 *     main thread ── parent port ── toolstack worker, console worker, API worker
 *     API worker ──── port ──────── toolstack worker   ({@link RpcCalls}, `ContentCalls`)
 *     API worker ──── port ──────── console worker     (`ConsoleViewerCalls`)
 *     toolstack ───── port ──────── console worker     (`ConsoleHubCalls`)
 */
import type { MessagePort } from 'node:worker_threads';
import type { ErrorData } from '../../shared/errors.ts';

/** Served by the toolstack worker, over its parent port and over every port given to `rpc.serve`. */
export type RpcCalls = {
  /** One API client: RPC frames in the manner of `frame-port.ts`, until either side closes. */
  'rpc.connect': { params: { port: MessagePort }; result: void };
  /** Serves these calls on `port` too, so that another thread can connect its clients. */
  'rpc.serve': { params: { port: MessagePort }; result: void };
};

/** Served by the console worker over its parent port, beside `ConsoleViewerCalls`. */
export type ConsoleServeCalls = {
  /** Serves `ConsoleViewerCalls` on `port` too, so that another thread can connect its viewers. */
  'console.serve': { params: { port: MessagePort }; result: void };
};

/** `workerData` of the toolstack worker. */
export interface ToolstackWorkerData {
  /** The home folder and its cache, resolved (`toolstack/home.ts`). */
  home: string;
  cache: string;
  version: string;
  /** Demo hosts are made in a home that has none; the demo domains only when this is set. */
  demo: boolean;
  /** Least level that is written to the log files. */
  logLevel: 'debug' | 'info' | 'warning' | 'error';
  /** Its channel to the console worker. */
  console: MessagePort;
}

/** Sent by the toolstack worker over its parent port. */
export type ToolstackEvents = {
  /** The home is open and calls are answered; domains and images may still be on their way. */
  ready: Record<never, never>;
  /** It cannot start: home in use, database unusable. The thread ends by itself. */
  failed: { error: ErrorData };
  /** `site.shutdown` was called and everything is written down: the process may end. */
  stopped: Record<never, never>;
};

/** `workerData` of the API worker. */
export interface ApiWorkerData {
  home: string;
  cache: string;
  port: number;
  /** The built user interface. */
  rendererFolder: string;
  version: string;
  /** Speaks {@link RpcCalls}. */
  toolstack: MessagePort;
  /** Speaks `ConsoleViewerCalls`. */
  console: MessagePort;
}

/** Sent by the API worker over its parent port. */
export type ApiEvents = {
  /** It listens. `url` is without the token, for programs; a person's address adds `/#token=…`. */
  ready: { url: string; token: string };
  failed: { error: ErrorData };
};

/** Served by the API worker over its parent port. */
export type ApiCalls = {
  /** Closes connections and takes `daemon.json` away. */
  'api.stop': { params: Record<never, never>; result: void };
};
