/** A guest's network stack for tests, on a port of a switch: TCP by our endpoint, UDP by hand. */
import type { Offload } from '../offload/offload.ts';
import { FULL_ABILITY, NO_OFFLOAD } from '../offload/offload.ts';
import type { Endpoint, Route } from '../protocol/endpoints.ts';
import { viewOf } from '../protocol/ethernet.ts';
import { ArpOperation, buildArp, readArp } from '../protocol/arp.ts';
import { IpProtocol, readIpv4 } from '../protocol/ipv4.ts';
import { TcpFlag, readTcp, startTcp } from '../protocol/tcp.ts';
import { buildUdp, readUdp } from '../protocol/udp.ts';
import { TcpConnection } from '../tcp/tcp-connection.ts';
import type { TcpEvents } from '../tcp/tcp-connection.ts';
import { TimerQueue } from '../timer-queue.ts';
import type { NetworkSwitch } from '../switch/switch.ts';
import type { SwitchPort } from '../switch/port.ts';

export interface TestGuestOptions {
  network: NetworkSwitch;
  mac: number;
  address: number;
  gatewayMac: number;
  /** Of each frame, either way: whether it gets lost. */
  loses?: () => boolean;
}

export interface GuestDatagram {
  source: Endpoint;
  destination: Endpoint;
  payload: Buffer;
}

export class TestGuest {
  readonly port: SwitchPort;
  readonly datagrams: GuestDatagram[] = [];
  readonly frames: Uint8Array[] = [];
  onDatagram: (() => void) | null = null;
  /** Who takes connections from outside. */
  onConnect: ((connection: () => TcpConnection) => TcpEvents) | null = null;
  private readonly options: TestGuestOptions;
  private readonly connections = new Map<string, TcpConnection>();
  private readonly timers: TimerQueue;
  private nextPort = 40_000;
  private timer: NodeJS.Timeout | null = null;

  constructor(options: TestGuestOptions) {
    this.options = options;
    this.timers = new TimerQueue(
      () => performance.now(),
      () => this.arm(),
    );
    this.port = options.network.attach({
      id: `guest-${options.mac}`,
      kind: 'guest',
      mac: options.mac,
      ability: FULL_ABILITY,
      rules: { addresses: [options.address] },
      // A guest hears later, in its own time, as a real one does.
      deliver: (frame) => {
        const copy = Uint8Array.from(frame);
        setImmediate(() => this.hear(copy));
        return true;
      },
    });
  }

  connect(destination: Endpoint, events: TcpEvents): TcpConnection {
    const connection = this.add(this.nextPort++, destination, events);
    connection.connect();
    return connection;
  }

  sendUdp(sourcePort: number, destination: Endpoint, payload: Uint8Array): void {
    this.send(buildUdp(this.route(destination), sourcePort, destination.port, payload), NO_OFFLOAD);
  }

  close(): void {
    if (this.timer) clearTimeout(this.timer);
    this.options.network.detach(this.port);
  }

  private send(frame: Uint8Array, offload: Offload): void {
    if (this.options.loses?.()) return;
    this.port.receive(frame, offload);
  }

  private add(localPort: number, remote: Endpoint, events: TcpEvents): TcpConnection {
    const connection: TcpConnection = new TcpConnection({
      localPort,
      remotePort: remote.port,
      initialSequence: 0xffff_0000,
      mss: 1460,
      burstBytes: 65_000,
      now: () => performance.now(),
      transmit: (header, payloadBytes, fill, segmentBytes) => {
        const unfinished = startTcp(this.route(remote), header, payloadBytes);
        fill(unfinished.payload);
        const cutTo = payloadBytes > segmentBytes ? segmentBytes : 0;
        this.send(unfinished.finishPartial(), { checksumPartial: true, segmentBytes: cutTo });
      },
      timerSet: () => this.timers.update(connection),
      events,
    });
    this.connections.set(`${localPort} ${remote.address}:${remote.port}`, connection);
    return connection;
  }

  private hear(frame: Uint8Array): void {
    if (this.options.loses?.()) return;
    this.frames.push(frame);
    const view = viewOf(frame);
    const arp = readArp(view);
    if (arp?.operation === ArpOperation.request && arp.targetAddress === this.options.address) {
      const { mac, address } = this.options;
      const reply = {
        operation: ArpOperation.reply,
        senderMac: mac,
        senderAddress: address,
        targetMac: arp.senderMac,
        targetAddress: arp.senderAddress,
      };
      this.send(buildArp(reply, arp.senderMac), NO_OFFLOAD);
    }
    const ip = readIpv4(view);
    if (ip?.protocol === IpProtocol.udp) {
      const udp = readUdp(view, ip);
      if (!udp) return;
      this.datagrams.push({
        source: { address: ip.source, port: udp.sourcePort },
        destination: { address: ip.destination, port: udp.destinationPort },
        payload: Buffer.from(frame.subarray(udp.payloadAt, udp.payloadEnd)),
      });
      this.onDatagram?.();
    } else if (ip?.protocol === IpProtocol.tcp) {
      const segment = readTcp(view, ip);
      if (!segment) return;
      const remote = { address: ip.source, port: segment.sourcePort };
      const key = `${segment.destinationPort} ${remote.address}:${remote.port}`;
      const known = this.connections.get(key);
      if (known) {
        known.receive(segment, frame.subarray(segment.payloadAt, segment.payloadEnd));
      } else if (this.onConnect && (segment.flags & TcpFlag.syn) !== 0) {
        const made: { connection: TcpConnection | null } = { connection: null };
        const events = this.onConnect(() => made.connection as TcpConnection);
        made.connection = this.add(segment.destinationPort, remote, events);
        made.connection.listen(segment);
        made.connection.accept();
      }
    }
  }

  private route(destination: Endpoint): Route {
    return {
      sourceMac: this.options.mac,
      destinationMac: this.options.gatewayMac,
      source: this.options.address,
      destination: destination.address,
    };
  }

  private arm(): void {
    if (this.timer) clearTimeout(this.timer);
    const { nextMs } = this.timers;
    if (nextMs === null) return;
    this.timer = setTimeout(
      () => {
        this.timers.run();
        this.arm();
      },
      Math.max(1, nextMs - performance.now()),
    );
  }
}
