/**
 * How the window reaches the toolstack: one interface, two homes. `browser-transport.ts` speaks
 * WebSocket to the server that the page came from; `desktop-transport.ts` speaks through ports
 * that the desktop shell hands over.
 */
import type { ContractRouterClient } from '@orpc/contract';
import type { Contract } from '../../shared/contract/index.ts';
import type { ReadableValue } from '../state/value.ts';

export type ApiClient = ContractRouterClient<Contract>;

export type Connection =
  | { readonly state: 'connecting'; readonly attempt: number }
  | { readonly state: 'connected' }
  | { readonly state: 'waiting'; readonly attempt: number; readonly retryAtMs: number }
  /** The other side is there and does not want us; only a person can change that. */
  | { readonly state: 'refused'; readonly reason: string };

export interface Transport {
  readonly home: 'browser' | 'desktop';
  /** Works whenever connected; otherwise each call fails with `connection.lost`. */
  readonly api: ApiClient;
  readonly connection: ReadableValue<Connection>;
  /** Ends a wait for the next attempt. */
  connectNow(): void;
  /** Opens a console's channel; `events` hears of it until `closed`, at most once. */
  openConsole(domain: string, events: ConsoleEvents): ConsoleChannel;
}

/** Frames are those of `shared/console-protocol.ts`. */
export interface ConsoleChannel {
  send(frame: Uint8Array): void;
  close(): void;
}

export interface ConsoleEvents {
  opened(): void;
  frame(bytes: Uint8Array): void;
  /** The other side went away; not called after `close()`. */
  closed(): void;
}
