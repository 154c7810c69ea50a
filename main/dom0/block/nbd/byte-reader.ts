/** Reads exact counts of bytes from a socket, one reader after another. */
import type { Socket } from 'node:net';

export class ByteReader {
  private target: Uint8Array = new Uint8Array(0);
  private filled = 0;
  private resolve: (() => void) | null = null;
  private reject: ((error: Error) => void) | null = null;
  private rest: Buffer = Buffer.alloc(0);
  private failure: Error | null = null;
  private readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      // Nothing more comes until this is used up: the rest is at most one chunk.
      this.rest = chunk;
      this.pump();
    });
    const fail = (error: Error): void => {
      this.failure ??= error;
      this.pump();
    };
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the server closed the connection')));
  }

  /** Fills `target`. @throws Error when the connection ends before */
  fill(target: Uint8Array): Promise<void> {
    this.target = target;
    this.filled = 0;
    return new Promise<void>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      this.pump();
    });
  }

  async take(count: number): Promise<DataView<ArrayBuffer>> {
    const bytes = new Uint8Array(count);
    await this.fill(bytes);
    return new DataView(bytes.buffer);
  }

  private pump(): void {
    const count = Math.min(this.rest.length, this.target.length - this.filled);
    this.target.set(this.rest.subarray(0, count), this.filled);
    this.filled += count;
    this.rest = this.rest.subarray(count);
    if (this.rest.length > 0) this.socket.pause();
    else if (!this.failure) this.socket.resume();
    if (this.filled === this.target.length) this.resolve?.();
    else if (this.failure) this.reject?.(this.failure);
    else return;
    this.resolve = this.reject = null;
  }
}
