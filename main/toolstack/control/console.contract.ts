/**
 * What the toolstack, and the API's transports, ask of the console worker: the one thread that
 * keeps the terminal of every domain's console and serves its viewers.
 *
 * The worker learns of a domain by `console.attach` and keeps its terminal until `console.forget`,
 * so that the last screen of a domain that crashed or was shut down can still be read. The bytes
 * themselves go through the rings of {@link ConsoleRings} and, to viewers, through their ports in
 * the frames of `shared/console-protocol.ts`.
 */
import type { MessagePort } from 'node:worker_threads';
import type { DomainState } from '../../../shared/contract/index.ts';
import type { ConsoleRings } from './host.contract.ts';

/** Served to the toolstack, over `ConsoleWorkerData.toolstack`. */
export type ConsoleHubCalls = {
  /**
   * Begins to drain `rings.output`. For a UUID that is known already the rings replace the old
   * ones, whose rest is drained first; viewers stay. A new life begins: the screen is kept, as a
   * real terminal's would be, and `dmesg` starts anew, both with what the guest had `printed` before
   * (a clone: what its golden domain did).
   */
  'console.attach': {
    params: {
      uuid: string;
      name: string;
      state: DomainState;
      /** The console's rings; the worker consumes `output` and produces `input`. */
      rings: ConsoleRings;
      /** Rung after each write to `rings.input` (`shared/ring/doorbell.ts`). */
      doorbell: SharedArrayBuffer;
      /** Raw, from `console.printed`; empty for a guest that boots. */
      printed: string;
      /** The screen is cleared before: it comes back as it was when all that was `printed`. */
      afresh?: boolean;
    };
    result: void;
  };
  /** The domain's name or state changed: viewers get a `state` frame. Unknown UUIDs are ignored. */
  'console.state': { params: { uuid: string; name: string; state: DomainState }; result: void };
  /** Drains what is left in the rings and lets go of them; terminal and viewers stay. */
  'console.detach': { params: { uuid: string }; result: void };
  /** Drops the terminal and closes its viewers with an `error` frame. */
  'console.forget': { params: { uuid: string }; result: void };
  /** What the guest printed since its start, without escape sequences; the newest megabyte. */
  'console.dmesg': { params: { uuid: string }; result: { text: string } };
  /** The same with its escape sequences, after everything in the ring was drained and parsed. */
  'console.printed': { params: { uuid: string }; result: { text: string } };
  /** What its screen shows, after the same: text alone, a line a row. */
  'console.picture': {
    params: { uuid: string };
    result: { columns: number; rows: number; lines: string[] };
  };
};

/** Served to the thread that started the worker (the API's transports), over its parent port. */
export type ConsoleViewerCalls = {
  /**
   * A viewer's transport speaks `shared/console-protocol.ts` over `port`: each message is one
   * frame, a Uint8Array. The caller has found the domain's UUID and checked that the viewer may
   * see it. Error `console.unknown` (then `port` is closed) for a UUID that was never attached.
   */
  'console.connect': { params: { uuid: string; port: MessagePort }; result: void };
};

/** Events to the toolstack. */
export type ConsoleHubEvents = {
  /** Something for the log; `uuid` names the domain it is about. */
  log: {
    level: 'debug' | 'info' | 'warning' | 'error';
    message: string;
    uuid: string | null;
  };
};

/** `workerData` of the console worker; `toolstack` is transferred to it. */
export interface ConsoleWorkerData {
  toolstack: MessagePort;
}
