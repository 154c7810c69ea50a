/** A port of the machine that leads to a guest: `127.0.0.1:2222 → web1:22`. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Ipv4Address } from '../address/ipv4-address.ts';
import type { Endpoint } from '../protocol/endpoints.ts';
import type { TcpConnection } from '../tcp/tcp-connection.ts';
import type { TcpStack } from '../tcp/tcp-stack.ts';
import type { Forward } from './forward.ts';
import { EPHEMERAL, listenError, LOOPBACK } from './forward.ts';
import { bridge } from './tcp-bridge.ts';

export interface PortForwardOptions {
  readonly stack: TcpStack;
  /** From which the guest sees the connections come: the gateway's. */
  readonly from: Ipv4Address;
  /** Where to; asked for each connection, since a guest's address may change. Null: not there. */
  target(): Endpoint | null;
  /** On 127.0.0.1; 0 lets the system choose. */
  readonly port: number;
  readonly connectionsMax?: number;
}

const DEFAULT_CONNECTIONS_MAX = 256;

export class PortForward implements Forward {
  /** The port that the system gave. */
  readonly port: number;
  private readonly server: Server;
  private readonly options: PortForwardOptions;
  private readonly sockets = new Set<Socket>();
  /** Not where a forward of before began: its peers may remember those ports (RFC 6056). */
  private nextPort = randomInt(EPHEMERAL.count);

  private constructor(options: PortForwardOptions, server: Server, port: number) {
    this.options = options;
    this.server = server;
    this.port = port;
    server.on('connection', (socket) => this.serve(socket));
  }

  /** @throws DomusError `network.port-in-use`, `network.port-refused` */
  static async listen(options: PortForwardOptions): Promise<PortForward> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    server.maxConnections = options.connectionsMax ?? DEFAULT_CONNECTIONS_MAX;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(options.port, LOOPBACK, () => {
          server.off('error', reject);
          resolve();
        });
      });
    } catch (cause) {
      throw listenError('tcp', options.port, cause as NodeJS.ErrnoException);
    }
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : options.port;
    return new PortForward(options, server, port);
  }

  /** Stops listening and resets what is open. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.resetAndDestroy();
    await closed;
  }

  private serve(socket: Socket): void {
    const guest = this.options.target();
    const from = guest && this.freeEndpoint(guest);
    if (!guest || !from) {
      socket.on('error', () => undefined);
      socket.resetAndDestroy();
      return;
    }
    this.sockets.add(socket);
    const waiting: { connection: TcpConnection | null } = { connection: null };
    const events = bridge(
      socket,
      () => {
        if (!waiting.connection) throw new Error('the connection is not there yet');
        return waiting.connection;
      },
      () => this.sockets.delete(socket),
    );
    waiting.connection = this.options.stack.connect(guest, from, events);
  }

  private freeEndpoint(guest: Endpoint): Endpoint | null {
    for (let attempt = 0; attempt < EPHEMERAL.count; attempt++) {
      const port = EPHEMERAL.first + (this.nextPort++ % EPHEMERAL.count);
      const from = { address: this.options.from, port };
      if (!this.options.stack.isTaken(guest, from)) return from;
    }
    return null;
  }
}
