/**
 * How the window reaches the toolstack: one interface, two homes. `browser-transport.ts` speaks
 * WebSocket to the server that the page came from; `desktop-transport.ts` speaks through ports
 * that the desktop shell hands over.
 */
import type { ContractRouterClient } from '@orpc/contract';
import type { Contract } from '../../shared/contract/index.ts';
import type { DiskFormat } from '../../shared/contract/schemas.ts';
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
  /** How contents of volumes are sent and fetched; null where there is no way. */
  readonly contents: VolumeContents | null;
  /** Ends a wait for the next attempt. */
  connectNow(): void;
  /** Opens a console's channel; `events` hears of it until `closed`, at most once. */
  openConsole(domain: string, events: ConsoleEvents): ConsoleChannel;
}

/** Each fails with what the server said, a `DomusError`. */
export interface VolumeContents {
  /** @param onProgress hears of the share that was sent, 0 to 1 */
  upload(
    target: { readonly pool: string; readonly volume: string; readonly format: DiskFormat },
    content: Blob,
    signal: AbortSignal,
    onProgress: (share: number) => void,
  ): Promise<void>;
  /** Settles when the answer begins. */
  download(
    source: { readonly pool: string; readonly volume: string },
    signal: AbortSignal,
  ): Promise<Response>;
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
