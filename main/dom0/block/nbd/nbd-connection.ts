/** One connection to an NBD export: requests go out at once and are answered in whatever order. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { ByteReader } from './byte-reader.ts';
import { openExport } from './handshake.ts';
import type { NbdExport } from './handshake.ts';
import {
  Command,
  NbdError,
  REQUEST_BYTES,
  REQUEST_MAGIC,
  SIMPLE_REPLY_BYTES,
  SIMPLE_REPLY_MAGIC,
} from './nbd.abi.ts';

const TIMEOUT_MS = 10_000;
/** A server whose machine lost its power says nothing: it is asked after this silence. */
const KEEP_ALIVE_AFTER_MS = 30_000;

export interface NbdAddress {
  host: string;
  port: number;
  exportName: string;
  /** Names the disk to a person, in errors. */
  label: string;
}

export interface NbdRequest {
  readonly command: Command;
  readonly offset: number;
  readonly length: number;
  /** What a write carries. Sockets take by reference what they cannot send at once: not shared memory. */
  readonly payload: readonly Uint8Array[];
  /** Where a read's bytes go. */
  readonly target: readonly Uint8Array[];
}

/** With the server's errno, 0 for success; null when the connection ended before it answered. */
export type Answered = (errno: number | null) => void;

/** The server broke the protocol: what it said before is not to be believed either. */
export class BadAnswer extends Error {}

export class NbdConnection {
  readonly facts: NbdExport;
  /** Why it ended; null while it has not. */
  ended: Error | null = null;
  private readonly socket: Socket;
  private readonly reader: ByteReader;
  private readonly underWay = new Map<number, { request: NbdRequest; answered: Answered }>();
  private nextCookie = 1;
  private onEnd: ((error: Error) => void) | null = null;

  private constructor(socket: Socket, reader: ByteReader, facts: NbdExport) {
    this.socket = socket;
    this.reader = reader;
    this.facts = facts;
    void this.receive();
  }

  /**
   * @param signal ends it with the signal's reason, whenever that is
   * @throws Error when there is no such export, or nothing that speaks NBD
   */
  static async open(
    { host, port, exportName }: NbdAddress,
    signal?: AbortSignal,
  ): Promise<NbdConnection> {
    signal?.throwIfAborted();
    const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS };
    const socket = connect({ host, port, ...options });
    signal?.addEventListener('abort', () => socket.destroy(signal.reason as Error));
    const reader = new ByteReader(socket);
    const timer = setTimeout(() => socket.destroy(noAnswer(TIMEOUT_MS)), TIMEOUT_MS);
    try {
      return new NbdConnection(socket, reader, await openExport(socket, reader, exportName));
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  send(request: NbdRequest, answered: Answered): void {
    if (this.ended) return answered(null);
    const cookie = this.nextCookie++;
    this.underWay.set(cookie, { request, answered });
    const { command, offset, length, payload } = request;
    this.socket.cork();
    this.socket.write(header(command, cookie, offset, length));
    for (const buffer of payload) this.socket.write(buffer);
    this.socket.uncork();
  }

  /** Calls back once: after those that were not answered. */
  whenEnded(onEnd: (error: Error) => void): void {
    if (this.ended) onEnd(this.ended);
    else this.onEnd = onEnd;
  }

  /** Nothing may be under way. */
  disconnect(): void {
    this.socket.end(header(Command.disconnect, 0, 0, 0));
  }

  destroy(): void {
    this.socket.destroy();
  }

  private async receive(): Promise<void> {
    try {
      for (;;) await this.receiveReply();
    } catch (error) {
      this.end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private async receiveReply(): Promise<void> {
    const reply = await this.reader.take(SIMPLE_REPLY_BYTES);
    const cookie = Number(reply.getBigUint64(8));
    const found = this.underWay.get(cookie);
    if (reply.getUint32(0) !== SIMPLE_REPLY_MAGIC || !found) {
      throw new BadAnswer('the server answered what nobody asked');
    }
    const errno = reply.getUint32(4);
    if (errno === NbdError.shutdown) throw new Error('the server is shutting down');
    if (errno === 0) for (const buffer of found.request.target) await this.reader.fill(buffer);
    this.underWay.delete(cookie);
    found.answered(errno);
  }

  private end(error: Error): void {
    this.ended = error;
    this.socket.destroy();
    const left = [...this.underWay.values()];
    this.underWay.clear();
    for (const { answered } of left) answered(null);
    this.onEnd?.(error);
  }
}

export function noAnswer(withinMs: number): Error {
  return new Error(`no answer within ${withinMs} ms`);
}

function header(command: Command, cookie: number, offset: number, length: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(REQUEST_BYTES));
  view.setUint32(0, REQUEST_MAGIC);
  view.setUint16(6, command);
  view.setBigUint64(8, BigInt(cookie));
  view.setBigUint64(16, BigInt(offset));
  view.setUint32(24, length);
  return new Uint8Array(view.buffer);
}
