/**
 * What the shell needs of a site, so that everything here can be tested with a small one. The real
 * one is `main/index.ts`, adapted in `lifecycle/start-site.ts`.
 */
import type { DomusError } from '../../shared/errors.ts';

export type Frame = string | Uint8Array;

export interface FrameReceiver {
  /** More follows when this returns. */
  frame(frame: Frame): void;
  /** Called once: the other side closed, or its thread ended. */
  closed(): void;
}

/** One end of a pipe of frames into the site. */
export interface FrameLink {
  send(frame: Frame): void;
  close(): void;
  /** Bytes (characters of strings) that were sent and not taken yet. */
  readonly unacknowledged: number;
}

/** Begins to deliver frames to the receiver. Called once. */
export type Connect = (receiver: FrameReceiver) => FrameLink;

export interface Site {
  readonly folders: { readonly home: string; readonly logs: string };
  /** The API, in the frames of the RPC library. */
  openApi(): Connect;
  /** A domain's console, by name or UUID. Errors: {@link DomusError}, `domain.unknown`. */
  openConsole(domain: string): Promise<Connect>;
  /** Domains that quitting would power off. */
  runningDomains(): Promise<number>;
  /** Settles when the site failed by itself; never after `stop`. */
  readonly failed: Promise<DomusError>;
  /** Settles when a client shut the site down, or `stop` did. */
  readonly ended: Promise<void>;
  /**
   * Settles when everything is written down. False when a thread stands in a call of the system's that
   * does not come back: then the program cannot exit, either.
   */
  stop(): Promise<boolean>;
}
