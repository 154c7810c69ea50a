/**
 * The wire of one console: opens the channel, opens it again when it is lost, counts what was
 * consumed and gives credit for it. It knows frames and nothing of the screen.
 */
import {
  creditFrame,
  frame,
  FrameType,
  frameText,
  jsonFrame,
  MAX_INPUT_BYTES,
  parseFrame,
} from '../../shared/console-protocol.ts';
import { DomainState, ErrorShape } from '../../shared/contract/schemas.ts';
import type { ErrorData } from '../../shared/errors.ts';
import { z } from 'zod';
import { Value } from '../state/value.ts';
import { backOffMs } from '../transport/reconnector.ts';
import type { ConsoleChannel, Transport } from '../transport/transport.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface ConsoleStatus {
  readonly link: 'opening' | 'open' | 'lost';
  /** By the console's own word; null before the first. */
  readonly domainState: DomainState | null;
  /** Why the console closed the channel; it is not opened again until somebody asks. */
  readonly error: ErrorData | null;
}

/** `consumed` is called when the bytes are on the screen: only then is more asked for. */
export interface ConsoleScreen {
  size(): Size;
  write(bytes: Uint8Array, consumed: () => void): void;
  /** Clears everything, then writes. */
  redraw(bytes: Uint8Array, consumed: () => void): void;
  /** Another viewer gave the console another size. */
  resizedElsewhere(size: Size): void;
}

const StateFrame = z.object({
  state: DomainState,
  columns: z.int().min(1).max(10_000),
  rows: z.int().min(1).max(10_000),
});
/** Credit is given in pieces of this size; the rest stays owed, far below the sender's limit. */
const CREDIT_STEP_BYTES = 32 * 1024;
/** A channel that has not opened by then is given up and tried again. */
const OPEN_TIMEOUT_MS = 10_000;

export class ConsoleLink {
  readonly status = new Value<ConsoleStatus>({ link: 'opening', domainState: null, error: null });
  private readonly transport: Transport;
  private readonly domain: string;
  private readonly screen: ConsoleScreen;
  private readonly undoConnection: () => void;
  private channel: ConsoleChannel | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  private owedBytes = 0;

  constructor(transport: Transport, domain: string, screen: ConsoleScreen) {
    this.transport = transport;
    this.domain = domain;
    this.screen = screen;
    this.undoConnection = transport.connection.subscribe(() => {
      if (transport.connection.get().state === 'connected') this.reopen();
    });
    this.open();
  }

  send(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; start += MAX_INPUT_BYTES) {
      this.channel?.send(frame(FrameType.input, bytes.subarray(start, start + MAX_INPUT_BYTES)));
    }
  }

  resize(size: Size): void {
    this.channel?.send(jsonFrame(FrameType.resize, size));
  }

  /** Opens the channel now, if it was lost. */
  reopen(): void {
    if (this.status.get().link !== 'lost') return;
    this.attempt = 0;
    this.open();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.undoConnection();
    this.channel?.close();
    this.channel = null;
  }

  private open(): void {
    clearTimeout(this.timer);
    this.channel?.close();
    this.owedBytes = 0;
    this.status.set({ ...this.status.get(), link: 'opening', error: null });
    this.timer = setTimeout(() => this.lost(), OPEN_TIMEOUT_MS);
    this.channel = this.transport.openConsole(this.domain, {
      opened: () => this.channel?.send(jsonFrame(FrameType.open, this.screen.size())),
      frame: (bytes) => this.receive(bytes),
      closed: () => this.lost(),
    });
  }

  private lost(): void {
    clearTimeout(this.timer);
    this.channel?.close();
    this.channel = null;
    this.status.set({ ...this.status.get(), link: 'lost' });
    // With an error there is nothing to gain; without a connection its return opens the channel.
    if (this.status.get().error !== null) return;
    if (this.transport.connection.get().state !== 'connected') return;
    this.attempt++;
    this.timer = setTimeout(() => this.open(), backOffMs(this.attempt));
  }

  private receive(bytes: Uint8Array): void {
    const parsed = parseFrame(bytes);
    if (parsed === null) return;
    const { type, payload } = parsed;
    switch (type) {
      case FrameType.output:
        return this.screen.write(payload, () => this.consumed(payload.length));
      case FrameType.reset:
        return this.screen.redraw(payload, () => this.consumed(payload.length));
      case FrameType.state:
        return this.stateTold(frameText(payload));
      case FrameType.error:
        return this.refused(frameText(payload));
      default:
        return;
    }
  }

  private stateTold(json: string): void {
    const told = StateFrame.safeParse(parseJson(json));
    if (!told.success) return;
    const { state, columns, rows } = told.data;
    clearTimeout(this.timer);
    this.attempt = 0;
    this.status.set({ link: 'open', domainState: state, error: null });
    const own = this.screen.size();
    if (own.columns !== columns || own.rows !== rows) {
      this.screen.resizedElsewhere({ columns, rows });
    }
  }

  private refused(json: string): void {
    const told = ErrorShape.safeParse(parseJson(json));
    const error = told.success
      ? told.data
      : { code: 'console.refused', message: 'The console was refused.', data: {} };
    this.status.set({ ...this.status.get(), error });
  }

  private consumed(bytes: number): void {
    this.owedBytes += bytes;
    if (this.owedBytes < CREDIT_STEP_BYTES) return;
    this.channel?.send(creditFrame(this.owedBytes));
    this.owedBytes = 0;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
