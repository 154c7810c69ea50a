/** The TCP connections of one gateway with guests, by their four-tuples. */
import { randomBytes } from 'node:crypto';
import type { Ipv4Address } from '../address/ipv4-address.ts';
import type { Endpoint, Route } from '../protocol/endpoints.ts';
import { endpointKey } from '../protocol/endpoints.ts';
import { ETHERNET_HEADER_BYTES } from '../protocol/ethernet.ts';
import { IPV4_HEADER_BYTES, IpProtocol, isFragment } from '../protocol/ipv4.ts';
import {
  TCP_HEADER_BYTES,
  TcpFlag,
  buildTcp,
  isTcpIntact,
  readTcp,
  startTcp,
} from '../protocol/tcp.ts';
import type { TcpHeader, TcpSegment } from '../protocol/tcp.ts';
import type { Gateway, Packet } from '../services/gateway.ts';
import type { TimerQueue } from '../timer-queue.ts';
import { advance } from './sequence.ts';
import { TcpConnection } from './tcp-connection.ts';
import type { TcpEvents } from './tcp-connection.ts';

/** Payload of a super-frame: an IPv4 datagram has at most 65535 bytes. */
const BURST_BYTES = 65_535 - IPV4_HEADER_BYTES - TCP_HEADER_BYTES;

export interface TcpStackOptions {
  readonly gateway: Gateway;
  readonly timers: TimerQueue;
  readonly now: () => number;
  /**
   * A guest opens a connection: who takes it gives the events, and answers later by `accept` or
   * `reset`. Null refuses.
   */
  onSyn(guest: Endpoint, destination: Endpoint, open: () => TcpConnection): TcpEvents | null;
}

export class TcpStack {
  private readonly options: TcpStackOptions;
  /** By the guest's endpoint, then by the other. */
  private readonly connections = new Map<number, Map<number, TcpConnection>>();

  constructor(options: TcpStackOptions) {
    this.options = options;
    options.gateway.handle((packet) => this.receive(packet));
  }

  /** Opens a connection to a guest. @param from the address that the guest sees */
  connect(guest: Endpoint, from: Endpoint, events: TcpEvents): TcpConnection {
    const connection = this.add(guest, from, events);
    connection.connect();
    return connection;
  }

  isTaken(guest: Endpoint, other: Endpoint): boolean {
    return this.connections.get(endpointKey(guest))?.has(endpointKey(other)) ?? false;
  }

  /** Resets everything with a guest that is gone. */
  drop(address: Ipv4Address): void {
    for (const [guest, connections] of [...this.connections]) {
      if (Math.floor(guest / 0x1_0000) !== address) continue;
      for (const connection of [...connections.values()]) connection.reset();
    }
  }

  close(): void {
    for (const connections of [...this.connections.values()]) {
      for (const connection of [...connections.values()]) connection.reset();
    }
  }

  private receive(packet: Packet): boolean {
    const { ip, view, offload, frame } = packet;
    if (ip.protocol !== IpProtocol.tcp) return false;
    const segment = isFragment(ip) ? null : readTcp(view, ip);
    if (!segment || (!offload.checksumPartial && !isTcpIntact(view, ip))) return true;
    const guest = { address: ip.source, port: segment.sourcePort };
    const other = { address: ip.destination, port: segment.destinationPort };
    const payload = frame.subarray(segment.payloadAt, segment.payloadEnd);
    const connection = this.find(guest, other);
    if (connection) connection.receive(segment, payload);
    else if ((segment.flags & (TcpFlag.syn | TcpFlag.ack | TcpFlag.rst)) === TcpFlag.syn) {
      if (!this.open(guest, other, segment)) this.refuse(guest, other, segment, payload.length);
    } else this.refuse(guest, other, segment, payload.length);
    return true;
  }

  private open(guest: Endpoint, other: Endpoint, syn: TcpSegment): boolean {
    const waiting: { connection: TcpConnection | null } = { connection: null };
    const events = this.options.onSyn(guest, other, () => {
      if (!waiting.connection) throw new Error('the connection is not there yet');
      return waiting.connection;
    });
    if (!events) return false;
    waiting.connection = this.add(guest, other, events);
    waiting.connection.listen(syn);
    return true;
  }

  private find(guest: Endpoint, other: Endpoint): TcpConnection | undefined {
    return this.connections.get(endpointKey(guest))?.get(endpointKey(other));
  }

  private add(guest: Endpoint, other: Endpoint, events: TcpEvents): TcpConnection {
    const { gateway, now, timers } = this.options;
    const connection: TcpConnection = new TcpConnection({
      localPort: other.port,
      remotePort: guest.port,
      initialSequence: randomBytes(4).readUInt32LE(),
      mss: gateway.mtu - IPV4_HEADER_BYTES - TCP_HEADER_BYTES,
      burstBytes: BURST_BYTES,
      now,
      transmit: (header, payloadBytes, fill, segmentBytes) =>
        this.transmit(guest, other, header, payloadBytes, fill, segmentBytes),
      timerSet: () => timers.update(connection),
      events: {
        ...events,
        closed: (reason) => {
          this.remove(guest, other, connection);
          events.closed(reason);
        },
      },
    });
    const key = endpointKey(guest);
    const ofGuest = this.connections.get(key) ?? new Map<number, TcpConnection>();
    this.connections.set(key, ofGuest);
    ofGuest.set(endpointKey(other), connection);
    return connection;
  }

  private remove(guest: Endpoint, other: Endpoint, connection: TcpConnection): void {
    this.options.timers.remove(connection);
    const ofGuest = this.connections.get(endpointKey(guest));
    ofGuest?.delete(endpointKey(other));
    if (ofGuest?.size === 0) this.connections.delete(endpointKey(guest));
  }

  private transmit(
    guest: Endpoint,
    other: Endpoint,
    header: TcpHeader,
    payloadBytes: number,
    fill: (payload: Uint8Array) => void,
    segmentBytes: number,
  ): void {
    const unfinished = startTcp(routeTo(guest, other), header, payloadBytes);
    fill(unfinished.payload);
    const isLarge = unfinished.frame.length - ETHERNET_HEADER_BYTES > this.options.gateway.mtu;
    const cutTo = isLarge || payloadBytes > segmentBytes ? segmentBytes : 0;
    const offload = { checksumPartial: true, segmentBytes: cutTo };
    this.options.gateway.transmit(unfinished.finishPartial(), guest.address, offload);
  }

  /** RFC 9293 section 3.10.7.1. Never an answer to a reset. */
  private refuse(guest: Endpoint, other: Endpoint, segment: TcpSegment, bytes: number): void {
    const { flags, sequence, acknowledgment } = segment;
    if ((flags & TcpFlag.rst) !== 0) return;
    const isAcknowledging = (flags & TcpFlag.ack) !== 0;
    const length =
      bytes + ((flags & TcpFlag.syn) !== 0 ? 1 : 0) + ((flags & TcpFlag.fin) !== 0 ? 1 : 0);
    const header: TcpHeader = {
      sourcePort: other.port,
      destinationPort: guest.port,
      sequence: isAcknowledging ? acknowledgment : 0,
      acknowledgment: isAcknowledging ? 0 : advance(sequence, length),
      flags: isAcknowledging ? TcpFlag.rst : TcpFlag.rst | TcpFlag.ack,
      window: 0,
      mss: null,
      windowShift: null,
    };
    this.options.gateway.transmit(buildTcp(routeTo(guest, other), header), guest.address);
  }
}

/** The gateway fills in the MAC addresses. */
function routeTo(guest: Endpoint, other: Endpoint): Route {
  return {
    sourceMac: 0,
    destinationMac: 0,
    source: other.address,
    destination: guest.address,
  };
}
