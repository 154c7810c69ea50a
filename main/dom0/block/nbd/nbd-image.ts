/**
 * A disk on an NBD server. A connection that ends is made anew, and what the server may have lost or
 * not done is sent again (docs/adr/0013-nbd-reconnection.md).
 */
import { DomusError } from '../../../../shared/errors.ts';
import { sliceBuffers, totalBytes } from '../buffers.ts';
import { diskError } from '../disk-error.ts';
import type { DiskImage, Done } from '../disk-image.ts';
import { differenceOf } from './handshake.ts';
import type { NbdExport } from './handshake.ts';
import { BadAnswer, NbdConnection, noAnswer } from './nbd-connection.ts';
import type { NbdAddress, NbdRequest } from './nbd-connection.ts';
import { Command, NbdError } from './nbd.abi.ts';
import { Patience } from './patience.ts';
import { inPieces } from './pieces.ts';
import { UnflushedWrites } from './unflushed-writes.ts';

/** How long requests wait for a server that is away: one that is started again is back by then. */
const PATIENCE_MS = 30_000;
/** Before the second attempt; later ones are up to 2 s apart. */
const FIRST_PAUSE_MS = 100;
/** What is left for it when somebody waits to close the disk. */
const HURRIED_MS = 1_000;
/** Of memory for writes that are not flushed: from here on they are flushed unasked. */
const FLUSH_AT_BYTES = 32 * 2 ** 20;
/** As {@link FLUSH_AT_BYTES}: from here on writes wait. */
const MOST_UNFLUSHED_BYTES = 2 * FLUSH_AT_BYTES;

export interface NbdOptions {
  patienceMs?: number;
  firstPauseMs?: number;
  /** Hears what an administrator may want to know. */
  warn?: (message: string) => void;
}

/**
 * - `up`: requests are sent.
 * - `away`: the connection is being made anew; requests wait.
 * - `down`: it could not be, or nobody needs it; the next request has it tried again.
 * - `gone`: nothing more is done.
 */
type State =
  | { kind: 'up'; connection: NbdConnection }
  | { kind: 'away'; hurry: () => void }
  | { kind: 'down' }
  | { kind: 'gone'; error: DomusError };

interface Asked extends NbdRequest {
  readonly done: Done;
}

/** @throws DomusError `disk.unreachable` when there is no such export, or nothing that speaks NBD */
export async function openNbd(
  address: NbdAddress,
  readOnly: boolean,
  options: NbdOptions = {},
): Promise<NbdImage> {
  try {
    return new NbdImage(address, await NbdConnection.open(address), readOnly, options);
  } catch (error) {
    const what = `${serverOf(address)} cannot be used (${why(error)})`;
    throw diskError('disk.unreachable', address.label, what, { cause: error });
  }
}

export class NbdImage implements DiskImage {
  readonly bytes: number;
  readonly readOnly: boolean;
  readonly discardBytes: number;
  private readonly address: NbdAddress;
  private readonly facts: NbdExport;
  /** A server that does not offer to flush has nothing to flush: it writes through. */
  private readonly flushes: boolean;
  private readonly warn: (message: string) => void;
  private readonly patience: Patience;
  private readonly unflushed = new UnflushedWrites();
  private state: State;
  /** Not sent, or not answered by a connection that has ended. */
  private waiting: Asked[] = [];
  /** Asked and not done. */
  private outstanding = 0;
  private onIdle: (() => void) | null = null;
  private isFlushing = false;
  private isHurried = false;

  constructor(
    address: NbdAddress,
    connection: NbdConnection,
    readOnly: boolean,
    options: NbdOptions = {},
  ) {
    const { facts } = connection;
    const { patienceMs = PATIENCE_MS, firstPauseMs = FIRST_PAUSE_MS, warn } = options;
    this.address = address;
    this.facts = facts;
    this.patience = new Patience(patienceMs, firstPauseMs);
    this.warn = (what) => warn?.(`disk ${address.label}: ${what}`);
    this.bytes = facts.bytes;
    this.readOnly = readOnly || facts.readOnly;
    this.flushes = facts.canFlush && !this.readOnly;
    this.discardBytes = facts.canTrim && !this.readOnly ? 512 : 0;
    this.state = { kind: 'up', connection };
    connection.whenEnded((error) => this.ended(error));
  }

  read(offset: number, target: readonly Uint8Array[], done: Done): void {
    inPieces(totalBytes(target), done, (at, length, pieceDone) => {
      const piece = sliceBuffers(target, at, length);
      this.ask(Command.read, offset + at, length, pieceDone, { target: piece });
    });
  }

  write(offset: number, source: readonly Uint8Array[], done: Done): void {
    if (this.readOnly) return done(this.refusal());
    inPieces(totalBytes(source), done, (at, length, pieceDone) => {
      const payload = sliceBuffers(source, at, length).map((buffer) => Buffer.from(buffer));
      this.ask(Command.write, offset + at, length, pieceDone, { payload });
    });
  }

  discard(offset: number, length: number, done: Done): void {
    if (this.readOnly) return done(this.refusal());
    if (!this.facts.canTrim) return done(null);
    inPieces(length, done, (at, count, pieceDone) => {
      this.ask(Command.trim, offset + at, count, pieceDone);
    });
  }

  flush(done: Done): void {
    if (!this.flushes) return done(this.state.kind === 'gone' ? this.state.error : null);
    this.ask(Command.flush, 0, 0, done);
  }

  resize(_bytes: number, done: Done): void {
    done(diskError('disk.unsupported', this.label, 'its size is for its NBD server to change'));
  }

  hurry(): void {
    this.isHurried = true;
    if (this.state.kind === 'away') this.state.hurry();
  }

  close(done: Done): void {
    const flush = (): void => {
      this.onIdle = null;
      if (this.state.kind === 'down' && this.unflushed.isEmpty) this.end(null, done);
      else this.flush((error) => this.end(error, done));
    };
    if (this.outstanding === 0) flush();
    else this.onIdle = flush;
  }

  private get label(): string {
    return this.address.label;
  }

  private get server(): string {
    return serverOf(this.address);
  }

  private refusal(): DomusError {
    return diskError('disk.read-only', this.label, 'it is for reading');
  }

  private end(error: DomusError | null, done: Done): void {
    const { state } = this;
    this.state = { kind: 'gone', error: diskError('disk.lost', this.label, 'it is closed') };
    if (state.kind === 'up') state.connection.disconnect();
    if (state.kind !== 'down' || !error) return done(error);
    const what = `it was closed while ${this.server} was away`;
    done(diskError('disk.lost', this.label, what, { cause: error }));
  }

  private ask(
    command: Command,
    offset: number,
    length: number,
    done: Done,
    { payload = [], target = [] }: Partial<Pick<NbdRequest, 'payload' | 'target'>> = {},
  ): void {
    this.outstanding++;
    this.start({ command, offset, length, payload, target, done });
  }

  private start(request: Asked): void {
    const { state } = this;
    if (state.kind === 'gone') return this.finish(request, state.error);
    if (state.kind === 'up' && !this.isFull(request)) return this.send(state.connection, request);
    this.waiting.push(request);
    if (state.kind === 'up') this.flushUnasked();
    else if (state.kind === 'down') void this.reconnect();
  }

  private send(connection: NbdConnection, request: Asked): void {
    const mark = this.unflushed.mark();
    connection.send(request, (errno) => {
      if (errno === null) return void this.waiting.push(request);
      this.patience.answered();
      if (errno === 0) this.remember(request, mark);
      this.finish(request, errno === 0 ? null : this.serverError(errno));
    });
  }

  private finish({ done }: Asked, error: DomusError | null): void {
    this.outstanding--;
    done(error);
    if (this.outstanding === 0) this.onIdle?.();
  }

  /** What the server has done: it may lose a write until it has done a flush, of which `mark` is. */
  private remember(request: Asked, mark: number): void {
    if (!this.flushes) return;
    if (request.command === Command.write) {
      this.unflushed.add(request);
      if (this.unflushed.bytes >= FLUSH_AT_BYTES) this.flushUnasked();
    } else if (request.command === Command.flush) {
      this.unflushed.forget(mark);
      this.startWaiting();
    }
  }

  private isFull({ command }: Asked): boolean {
    return command === Command.write && this.unflushed.bytes >= MOST_UNFLUSHED_BYTES;
  }

  private flushUnasked(): void {
    if (this.isFlushing) return;
    this.isFlushing = true;
    this.flush((error) => {
      this.isFlushing = false;
      if (error && this.state.kind === 'up') this.failWaiting(error);
    });
  }

  private startWaiting(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const request of waiting) this.start(request);
  }

  private failWaiting(error: DomusError): void {
    const { waiting } = this;
    this.waiting = [];
    for (const request of waiting) this.finish(request, error);
  }

  private serverError(errno: number): DomusError {
    const what = `the NBD server reports error ${errno}`;
    if (errno === NbdError.noSpace) return diskError('disk.no-space', this.label, what);
    if (errno === NbdError.permission) return diskError('disk.read-only', this.label, what);
    return diskError('disk.io', this.label, what);
  }

  /** The connection did. What it has not answered is among those that wait. */
  private ended(error: Error): void {
    if (this.state.kind === 'gone') return;
    if (error instanceof BadAnswer) return this.lose(error);
    // One that was made anew and has answered nothing since was none.
    if (this.patience.isOver) return this.giveUp(error);
    this.warn(`the connection to ${this.server} ended (${why(error)}); it is made anew on demand`);
    this.state = { kind: 'down' };
    if (this.waiting.length > 0) void this.reconnect();
  }

  /** Tries at least once, and until there is a connection or patience is over. */
  private async reconnect(): Promise<void> {
    const pausing = new AbortController();
    const trying = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const hurry = (): void => {
      pausing.abort();
      timer ??= setTimeout(() => trying.abort(noAnswer(HURRIED_MS)), HURRIED_MS);
    };
    this.state = { kind: 'away', hurry };
    this.patience.begin();
    if (this.isHurried) hurry();
    let connection: NbdConnection | null = null;
    while (!connection) {
      await this.patience.pause(pausing.signal);
      const isLast = this.isHurried;
      try {
        connection = await this.connect(trying.signal);
      } catch (error) {
        if (!(error instanceof DomusError) && !isLast && !this.patience.isOver) continue;
        clearTimeout(timer);
        return this.giveUp(error);
      }
    }
    clearTimeout(timer);
    this.resume(connection);
  }

  /** @throws DomusError when what is wrong does not pass by itself */
  private async connect(signal: AbortSignal): Promise<NbdConnection> {
    const connection = await NbdConnection.open(this.address, signal);
    try {
      const difference = differenceOf(this.facts, connection.facts, this.readOnly);
      if (difference) {
        const what = `${this.server} has another disk there than before: ${difference}`;
        throw diskError('disk.unreachable', this.label, what);
      }
      await this.unflushed.replay((write) => this.sendAgain(connection, write));
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  private sendAgain(connection: NbdConnection, write: NbdRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      connection.send(write, (errno) => {
        if (errno === 0) resolve();
        else reject(errno === null ? connection.ended! : this.serverError(errno));
      });
    });
  }

  private resume(connection: NbdConnection): void {
    this.warn(`the connection to ${this.server} is there again`);
    this.state = { kind: 'up', connection };
    this.startWaiting();
    connection.whenEnded((error) => this.ended(error));
  }

  /** For now: what was done is kept, and whoever asks next has it tried again. */
  private giveUp(cause: unknown): void {
    this.state = { kind: 'down' };
    const what = `the connection to ${this.server} was lost and could not be made anew (${why(cause)})`;
    const error =
      cause instanceof DomusError
        ? cause
        : diskError('disk.unreachable', this.label, what, { cause });
    this.failWaiting(error);
  }

  /** For good. */
  private lose(cause: Error): void {
    const what = `the connection ended (${cause.message})`;
    const error = diskError('disk.lost', this.label, what, { cause });
    this.state = { kind: 'gone', error };
    this.failWaiting(error);
  }
}

function serverOf({ host, port }: NbdAddress): string {
  return `the NBD server ${host}:${port}`;
}

function why(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
