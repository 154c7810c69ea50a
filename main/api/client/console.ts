/** One viewer of a domain's console, over the frames of `shared/console-protocol.ts`. */
import {
  creditFrame,
  frame,
  frameText,
  FrameType,
  jsonFrame,
  MAX_INPUT_BYTES,
  parseFrame,
} from '../../../shared/console-protocol.ts';
import type { DomainState } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { openSocket } from './socket.ts';
import type { Endpoint } from './socket.ts';

export interface ConsoleState {
  state: DomainState;
  columns: number;
  rows: number;
}

export interface ConsoleListener {
  /** Terminal bytes. The console waits with more until the promise, if any, settles. */
  output(bytes: Uint8Array): void | Promise<void>;
  /** Clear the terminal, then write this: at the start, and after bytes were skipped. */
  reset(drawing: string): void | Promise<void>;
  state(state: ConsoleState): void;
  /** The end: null after `close()`, else why. Called once. */
  closed(error: DomusError | null): void;
}

export class ConsoleConnection {
  private readonly socket: WebSocket;
  private readonly listener: ConsoleListener;
  private ended = false;

  private constructor(socket: WebSocket, listener: ConsoleListener) {
    this.socket = socket;
    this.listener = listener;
    socket.addEventListener('message', (event) =>
      this.receive(new Uint8Array(event.data as ArrayBuffer)),
    );
    socket.addEventListener('close', () =>
      this.end(new DomusError('connection.lost', 'The connection to the console was lost.')),
    );
  }

  static async open(
    endpoint: Endpoint,
    domain: string,
    size: { columns: number; rows: number },
    listener: ConsoleListener,
  ): Promise<ConsoleConnection> {
    const socket = await openSocket(endpoint, `/console?domain=${encodeURIComponent(domain)}`);
    const connection = new ConsoleConnection(socket, listener);
    connection.post(jsonFrame(FrameType.open, size));
    return connection;
  }

  input(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += MAX_INPUT_BYTES) {
      this.post(frame(FrameType.input, bytes.subarray(at, at + MAX_INPUT_BYTES)));
    }
  }

  resize(size: { columns: number; rows: number }): void {
    this.post(jsonFrame(FrameType.resize, size));
  }

  /** Bytes of input that have not left this process. */
  get bufferedAmount(): number {
    return this.socket.bufferedAmount;
  }

  close(): void {
    this.end(null);
    this.socket.close();
  }

  private post(bytes: Uint8Array): void {
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(bytes as Uint8Array<ArrayBuffer>);
    }
  }

  private receive(bytes: Uint8Array): void {
    const message = parseFrame(bytes);
    if (!message || this.ended) return;
    const { type, payload } = message;
    switch (type) {
      case FrameType.output:
        return this.consumed(payload.length, this.listener.output(payload));
      case FrameType.reset:
        return this.consumed(payload.length, this.listener.reset(frameText(payload)));
      case FrameType.state:
        return this.listener.state(JSON.parse(frameText(payload)) as ConsoleState);
      case FrameType.error:
        this.end(DomusError.from(JSON.parse(frameText(payload)) as ErrorData));
        return this.socket.close();
      default: // a later version's frame
    }
  }

  private consumed(bytes: number, done: void | Promise<void>): void {
    if (done) void done.then(() => this.post(creditFrame(bytes)));
    else this.post(creditFrame(bytes));
  }

  private end(error: DomusError | null): void {
    if (this.ended) return;
    this.ended = true;
    this.listener.closed(error);
  }
}
