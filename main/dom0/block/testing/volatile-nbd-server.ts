/**
 * An NBD server with a cache that it loses when it is killed. A test says what becomes of each
 * request; those that are under way at once are done last come, first served.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { ByteReader } from '../nbd/byte-reader.ts';
import {
  Command,
  HandshakeFlag,
  Info,
  NBD_MAGIC,
  Option,
  OPTION_MAGIC,
  OPTION_REPLY_MAGIC,
  OptionReply,
  REQUEST_BYTES,
  SIMPLE_REPLY_MAGIC,
  TransmissionFlag,
} from '../nbd/nbd.abi.ts';

/**
 * `drop` ends its connection, `kill` loses the cache as well; either instead of doing the request, or
 * instead of answering what was done. A number is the errno that is answered. What is done and
 * answered later has a promise.
 */
export type Fate =
  'answer' | 'drop' | 'do-and-drop' | 'kill' | 'do-and-kill' | number | Promise<void>;

export interface Received {
  command: Command;
  offset: number;
  length: number;
}

export class VolatileNbdServer {
  /** What a kill leaves. */
  readonly stable: Buffer<ArrayBuffer>;
  fate: (request: Received) => Fate = () => 'answer';
  flags: number = TransmissionFlag.hasFlags | TransmissionFlag.flush | TransmissionFlag.trim;
  /** As it says: what it has is as large as it was made. */
  bytes: number;
  private cache: Buffer<ArrayBuffer>;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private isHanging = false;
  private port = 0;

  private constructor(bytes: number) {
    this.bytes = bytes;
    this.stable = Buffer.alloc(bytes);
    this.cache = Buffer.alloc(bytes);
    this.server = createServer({ noDelay: true }, (socket) => {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.sockets.delete(socket));
      if (!this.isHanging) void this.serve(socket).catch(() => socket.destroy());
    });
  }

  static async start(bytes: number): Promise<VolatileNbdServer> {
    const server = new VolatileNbdServer(bytes);
    await server.listen();
    return server;
  }

  get address(): { host: string; port: number; exportName: string; label: string } {
    return { host: '127.0.0.1', port: this.port, exportName: '', label: 'remote' };
  }

  /** After {@link stop}: at the same port. */
  async listen(): Promise<void> {
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    ({ port: this.port } = this.server.address() as AddressInfo);
  }

  /** Kills it; nobody listens afterwards. */
  async stop(): Promise<void> {
    this.kill();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }

  /** It listens again at once. */
  kill(): void {
    this.cache = Buffer.from(this.stable);
    for (const socket of this.sockets) socket.destroy();
  }

  /** Kills it; it says nothing any more to whoever connects. */
  hang(): void {
    this.isHanging = true;
    this.kill();
  }

  /** Says what is no answer. */
  nonsense(): void {
    for (const socket of this.sockets) socket.write(new Uint8Array(16).fill(1));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private async serve(socket: Socket): Promise<void> {
    const reader = new ByteReader(socket);
    await this.shakeHands(socket, reader);
    const queue: (() => void)[] = [];
    for (;;) {
      const header = await reader.take(REQUEST_BYTES);
      const command = header.getUint16(6) as Command;
      if (command === Command.disconnect) return void socket.end();
      const cookie = header.getBigUint64(8);
      const request = {
        command,
        offset: Number(header.getBigUint64(16)),
        length: header.getUint32(24),
      };
      const data = new Uint8Array(command === Command.write ? request.length : 0);
      await reader.fill(data);
      queue.push(() => void this.take(socket, cookie, request, data));
      setImmediate(() => queue.pop()!());
    }
  }

  private async take(
    socket: Socket,
    cookie: bigint,
    request: Received,
    data: Uint8Array,
  ): Promise<void> {
    if (socket.destroyed) return;
    const fate = this.fate(request);
    if (fate === 'kill') return this.kill();
    if (fate === 'drop') return void socket.destroy();
    const read = typeof fate === 'number' ? [] : this.perform(request, data);
    if (fate === 'do-and-kill') return this.kill();
    if (fate === 'do-and-drop') return void socket.destroy();
    if (fate instanceof Promise) await fate;
    if (socket.destroyed) return;
    const reply = new DataView(new ArrayBuffer(16));
    reply.setUint32(0, SIMPLE_REPLY_MAGIC);
    reply.setUint32(4, typeof fate === 'number' ? fate : 0);
    reply.setBigUint64(8, cookie);
    for (const bytes of [new Uint8Array(reply.buffer), ...read]) socket.write(bytes);
  }

  private perform({ command, offset, length }: Received, data: Uint8Array): Uint8Array[] {
    if (command === Command.write) this.cache.set(data, offset);
    else if (command === Command.trim) this.cache.fill(0, offset, offset + length);
    else if (command === Command.flush) this.stable.set(this.cache);
    return command === Command.read
      ? [Buffer.from(this.cache.subarray(offset, offset + length))]
      : [];
  }

  private async shakeHands(socket: Socket, reader: ByteReader): Promise<void> {
    const greeting = new DataView(new ArrayBuffer(18));
    greeting.setBigUint64(0, NBD_MAGIC);
    greeting.setBigUint64(8, OPTION_MAGIC);
    greeting.setUint16(16, HandshakeFlag.fixedNewstyle | HandshakeFlag.noZeroes);
    socket.write(new Uint8Array(greeting.buffer));
    const option = await reader.take(4 + 16);
    await reader.take(option.getUint32(16));
    const info = new DataView(new ArrayBuffer(20 + 12 + 20));
    info.setBigUint64(0, OPTION_REPLY_MAGIC);
    info.setUint32(8, Option.go);
    info.setUint32(12, OptionReply.info);
    info.setUint32(16, 12);
    info.setUint16(20, Info.export);
    info.setBigUint64(22, BigInt(this.bytes));
    info.setUint16(30, this.flags);
    info.setBigUint64(32, OPTION_REPLY_MAGIC);
    info.setUint32(40, Option.go);
    info.setUint32(44, OptionReply.ack);
    socket.write(new Uint8Array(info.buffer));
  }
}
