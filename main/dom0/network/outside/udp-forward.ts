/**
 * A UDP port of the machine that leads to a guest. Each client is a port of the gateway to the
 * guest, for as long as it is not silent.
 */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import type { Endpoint } from '../protocol/endpoints.ts';
import { buildUdp } from '../protocol/udp.ts';
import type { Datagram, Gateway } from '../services/gateway.ts';
import type { Timed, TimerQueue } from '../timer-queue.ts';
import type { Forward } from './forward.ts';
import { EPHEMERAL, listenError, LOOPBACK } from './forward.ts';
import { UDP_IDLE_MS } from './udp-translator.ts';

export interface UdpForwardOptions {
  readonly gateway: Gateway;
  readonly timers: TimerQueue;
  readonly now: () => number;
  /** As for `PortForward`. */
  target(): Endpoint | null;
  readonly port: number;
  readonly clientsMax?: number;
}

const DEFAULT_CLIENTS_MAX = 128;
/** IPv4's header and UDP's. */
const HEADER_BYTES = 28;

interface Client extends Timed {
  readonly address: string;
  readonly port: number;
  readonly guest: Endpoint;
  /** Of the gateway. */
  readonly from: number;
  usedMs: number;
  isOver: boolean;
}

export class UdpForward implements Forward {
  readonly port: number;
  readonly dropped = { tooLarge: 0, noTarget: 0 };
  private readonly options: UdpForwardOptions;
  private readonly socket: Socket;
  /** The one used last is last. */
  private readonly clients = new Map<string, Client>();
  /** Not where a forward of before began: its peers may remember those ports (RFC 6056). */
  private nextPort = randomInt(EPHEMERAL.count);

  private constructor(options: UdpForwardOptions, socket: Socket) {
    this.options = options;
    this.socket = socket;
    this.port = socket.address().port;
    socket.on('message', (payload, from) => this.receive(payload, from));
    // For example "connection refused" of a client that is gone: it times out.
    socket.on('error', () => undefined);
  }

  /** @throws DomusError `network.port-in-use`, `network.port-refused` */
  static async listen(options: UdpForwardOptions): Promise<UdpForward> {
    const socket = createSocket('udp4');
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind(options.port, LOOPBACK, () => {
          socket.off('error', reject);
          resolve();
        });
      });
    } catch (cause) {
      throw listenError('udp', options.port, cause as NodeJS.ErrnoException);
    }
    return new UdpForward(options, socket);
  }

  async close(): Promise<void> {
    for (const client of [...this.clients.values()]) this.end(client);
    await new Promise<void>((resolve) => this.socket.close(() => resolve()));
  }

  private receive(payload: Uint8Array, { address, port }: RemoteInfo): void {
    const { gateway, now, timers } = this.options;
    const client = this.clientAt(address, port);
    if (!client || payload.length > gateway.mtu - HEADER_BYTES) {
      this.dropped[client ? 'tooLarge' : 'noTarget']++;
      return;
    }
    client.usedMs = now();
    timers.update(client);
    const { guest, from } = client;
    const route = {
      sourceMac: 0,
      destinationMac: 0,
      source: gateway.address,
      destination: guest.address,
    };
    gateway.transmit(buildUdp(route, from, guest.port, payload), guest.address);
  }

  private clientAt(address: string, port: number): Client | null {
    const guest = this.options.target();
    const key = `${address}:${port}`;
    const known = this.clients.get(key);
    const isSame = known?.guest.address === guest?.address && known?.guest.port === guest?.port;
    if (known && isSame) {
      this.clients.delete(key);
      this.clients.set(key, known);
      return known;
    }
    if (known) this.end(known);
    const from = guest && this.freePort();
    return guest && from !== null ? this.add({ address, port, guest, from }) : null;
  }

  private add(ends: Pick<Client, 'address' | 'port' | 'guest' | 'from'>): Client {
    const { gateway, clientsMax = DEFAULT_CLIENTS_MAX } = this.options;
    const oldest = this.clients.values().next();
    if (this.clients.size >= clientsMax && oldest.done !== true) this.end(oldest.value);
    const end = (): void => this.end(client);
    const client: Client = {
      ...ends,
      usedMs: this.options.now(),
      isOver: false,
      get nextMs() {
        return this.isOver ? null : this.usedMs + UDP_IDLE_MS;
      },
      onTimer: end,
    };
    this.clients.set(`${client.address}:${client.port}`, client);
    gateway.listen(client.from, (datagram) => this.answer(client, datagram));
    return client;
  }

  private answer(client: Client, { source, payload }: Datagram): void {
    const { guest, address, port } = client;
    if (source.address !== guest.address || source.port !== guest.port) return;
    client.usedMs = this.options.now();
    this.socket.send(Buffer.from(payload), port, address, () => undefined);
  }

  private end(client: Client): void {
    if (client.isOver) return;
    client.isOver = true;
    this.clients.delete(`${client.address}:${client.port}`);
    this.options.gateway.unlisten(client.from);
    this.options.timers.remove(client);
  }

  private freePort(): number | null {
    for (let attempt = 0; attempt < EPHEMERAL.count; attempt++) {
      const port = EPHEMERAL.first + (this.nextPort++ % EPHEMERAL.count);
      if (!this.options.gateway.isListening(port)) return port;
    }
    return null;
  }
}
