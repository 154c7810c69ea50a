/** A disk on an NBD server: requests go out at once and are answered in whatever order. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { DomusError } from '../../../../shared/errors.ts';
import { sliceBuffers, totalBytes } from '../buffers.ts';
import { diskError } from '../disk-error.ts';
import type { DiskImage, Done } from '../disk-image.ts';
import { ByteReader } from './byte-reader.ts';
import { openExport } from './handshake.ts';
import type { NbdExport } from './handshake.ts';
import {
  Command,
  MAX_PAYLOAD_BYTES,
  NbdError,
  REQUEST_BYTES,
  REQUEST_MAGIC,
  SIMPLE_REPLY_BYTES,
  SIMPLE_REPLY_MAGIC,
} from './nbd.abi.ts';

const CONNECT_TIMEOUT_MS = 10_000;

export interface NbdAddress {
  host: string;
  port: number;
  exportName: string;
  /** Names the disk to a person, in errors. */
  label: string;
}

interface Pending {
  /** Where a read's bytes go. */
  target: readonly Uint8Array[] | null;
  done: Done;
}

/** @throws DomusError `disk.unreachable` when there is no such export, or nothing that speaks NBD */
export async function openNbd(address: NbdAddress, readOnly: boolean): Promise<NbdImage> {
  const { host, port, label } = address;
  const socket = connect({ host, port, noDelay: true });
  const reader = new ByteReader(socket);
  const timer = setTimeout(
    () => socket.destroy(new Error(`no answer within ${CONNECT_TIMEOUT_MS} ms`)),
    CONNECT_TIMEOUT_MS,
  );
  try {
    const opened = await openExport(socket, reader, address.exportName);
    return new NbdImage(label, socket, reader, opened, readOnly);
  } catch (error) {
    socket.destroy();
    const why = error instanceof Error ? error.message : String(error);
    const what = `the NBD server ${host}:${port} cannot be used (${why})`;
    throw diskError('disk.unreachable', label, what, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

export class NbdImage implements DiskImage {
  readonly bytes: number;
  readonly readOnly: boolean;
  readonly discardBytes: number;
  private readonly label: string;
  private readonly socket: Socket;
  private readonly reader: ByteReader;
  private readonly opened: NbdExport;
  private readonly pending = new Map<number, Pending>();
  private nextCookie = 1;
  private lost: DomusError | null = null;
  private onIdle: (() => void) | null = null;

  constructor(
    label: string,
    socket: Socket,
    reader: ByteReader,
    opened: NbdExport,
    readOnly: boolean,
  ) {
    this.label = label;
    this.socket = socket;
    this.reader = reader;
    this.opened = opened;
    this.bytes = opened.bytes;
    this.readOnly = readOnly || opened.readOnly;
    this.discardBytes = opened.canTrim && !this.readOnly ? 512 : 0;
    void this.receive();
  }

  read(offset: number, target: readonly Uint8Array[], done: Done): void {
    this.inPieces(totalBytes(target), done, (at, count, pieceDone) => {
      const piece = sliceBuffers(target, at, count);
      this.send(Command.read, offset + at, count, [], { target: piece, done: pieceDone });
    });
  }

  write(offset: number, source: readonly Uint8Array[], done: Done): void {
    if (this.readOnly) return done(this.refusal());
    this.inPieces(totalBytes(source), done, (at, count, pieceDone) => {
      const piece = sliceBuffers(source, at, count);
      this.send(Command.write, offset + at, count, piece, { target: null, done: pieceDone });
    });
  }

  discard(offset: number, length: number, done: Done): void {
    if (this.readOnly) return done(this.refusal());
    if (!this.opened.canTrim) return done(null);
    this.inPieces(length, done, (at, count, pieceDone) => {
      this.send(Command.trim, offset + at, count, [], { target: null, done: pieceDone });
    });
  }

  /** A server that does not offer it has nothing to flush: it writes through. */
  flush(done: Done): void {
    if (this.readOnly || !this.opened.canFlush) return done(this.lost);
    this.send(Command.flush, 0, 0, [], { target: null, done });
  }

  resize(_bytes: number, done: Done): void {
    done(diskError('disk.unsupported', this.label, 'its size is for its NBD server to change'));
  }

  close(done: Done): void {
    this.flush((error) => {
      const end = (): void => {
        this.onIdle = null;
        this.lost ??= diskError('disk.lost', this.label, 'it is closed');
        this.socket.end(this.request(Command.disconnect, 0, 0, 0));
        done(error);
      };
      if (this.pending.size === 0) end();
      else this.onIdle = end;
    });
  }

  private refusal(): DomusError {
    return diskError('disk.read-only', this.label, 'it is for reading');
  }

  /** Requests no larger than every server takes; `done` after all, with the first error. */
  private inPieces(
    length: number,
    done: Done,
    send: (at: number, count: number, done: Done) => void,
  ): void {
    if (length === 0) return done(null);
    let left = Math.ceil(length / MAX_PAYLOAD_BYTES);
    let failure: DomusError | null = null;
    const pieceDone: Done = (error) => {
      failure ??= error;
      if (--left === 0) done(failure);
    };
    for (let at = 0; at < length; at += MAX_PAYLOAD_BYTES) {
      send(at, Math.min(MAX_PAYLOAD_BYTES, length - at), pieceDone);
    }
  }

  private send(
    command: Command,
    offset: number,
    length: number,
    payload: readonly Uint8Array[],
    pending: Pending,
  ): void {
    if (this.lost) return pending.done(this.lost);
    const cookie = this.nextCookie++;
    this.pending.set(cookie, pending);
    this.socket.cork();
    this.socket.write(this.request(command, cookie, offset, length));
    // Sockets take what they cannot send at once by reference, and not from shared memory.
    for (const buffer of payload) this.socket.write(Buffer.from(buffer));
    this.socket.uncork();
  }

  private request(command: Command, cookie: number, offset: number, length: number): Uint8Array {
    const view = new DataView(new ArrayBuffer(REQUEST_BYTES));
    view.setUint32(0, REQUEST_MAGIC);
    view.setUint16(6, command);
    view.setBigUint64(8, BigInt(cookie));
    view.setBigUint64(16, BigInt(offset));
    view.setUint32(24, length);
    return new Uint8Array(view.buffer);
  }

  private async receive(): Promise<void> {
    try {
      for (;;) await this.receiveReply();
    } catch (error) {
      this.lose(error);
    }
  }

  private async receiveReply(): Promise<void> {
    const header = await this.reader.take(SIMPLE_REPLY_BYTES);
    const cookie = Number(header.getBigUint64(8));
    const pending = this.pending.get(cookie);
    if (header.getUint32(0) !== SIMPLE_REPLY_MAGIC || !pending) {
      throw new Error('the server answered what nobody asked');
    }
    const errno = header.getUint32(4);
    if (errno === 0) for (const buffer of pending.target ?? []) await this.reader.fill(buffer);
    this.pending.delete(cookie);
    pending.done(errno === 0 ? null : this.serverError(errno));
    if (this.pending.size === 0) this.onIdle?.();
  }

  private serverError(errno: number): DomusError {
    const what = `the NBD server reports error ${errno}`;
    if (errno === NbdError.noSpace) return diskError('disk.no-space', this.label, what);
    if (errno === NbdError.permission) return diskError('disk.read-only', this.label, what);
    return diskError('disk.io', this.label, what);
  }

  /** Nobody knows which of the requests under way were done. */
  private lose(cause: unknown): void {
    const why = cause instanceof Error ? cause.message : String(cause);
    this.lost ??= diskError('disk.lost', this.label, `the connection ended (${why})`, { cause });
    this.socket.destroy();
    const failed = [...this.pending.values()];
    this.pending.clear();
    for (const { done } of failed) done(this.lost);
    this.onIdle?.();
  }
}
