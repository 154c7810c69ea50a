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

/** The state of a terminal and what was printed: kept with a saved or golden domain. */
export interface TerminalSnapshot {
  /** Escape sequences that redraw screen and scroll-back on an empty terminal. */
  serialized: string;
  columns: number;
  rows: number;
  /** Raw output since the start of that life, as `console.dmesg` gives it. */
  dmesg: string;
}

/** Served to the toolstack, over `ConsoleWorkerData.toolstack`. */
export type ConsoleHubCalls = {
  /**
   * Begins to drain `rings.output`. For a UUID that is known already the rings replace the old
   * ones, whose rest is drained first; viewers stay. `terminal` null: a new life; the screen is
   * kept, as a real terminal's would be, and `dmesg` starts empty. Otherwise screen and `dmesg`
   * are set to the snapshot (a clone, a restored domain).
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
      terminal: TerminalSnapshot | null;
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
  /** The terminal now, after everything in the ring was drained. */
  'console.snapshot': { params: { uuid: string }; result: TerminalSnapshot };
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
