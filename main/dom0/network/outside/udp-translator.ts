/**
 * Datagrams of guests to the outside: each pair of endpoints has a connected socket, so that only
 * who was asked can answer.
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { formatIpv4 } from '../address/ipv4-address.ts';
import type { Ipv4Address } from '../address/ipv4-address.ts';
import type { Endpoint } from '../protocol/endpoints.ts';
import { endpointKey } from '../protocol/endpoints.ts';
import { IpProtocol, isFragment } from '../protocol/ipv4.ts';
import { buildUdp, isUdpIntact, readUdp } from '../protocol/udp.ts';
import type { Gateway, Packet } from '../services/gateway.ts';
import type { TimerQueue, Timed } from '../timer-queue.ts';
import type { MayReach } from './reach-policy.ts';

/** Of one guest; beyond it the one that was silent longest goes. */
export const UDP_FLOWS_PER_GUEST = 128;
/** RFC 4787 requirement 5: not less than two minutes. */
export const UDP_IDLE_MS = 120_000;
/** Datagrams that the system has not taken yet. */
const SENDING_MAX = 64;

export interface UdpTranslatorOptions {
  readonly gateway: Gateway;
  readonly timers: TimerQueue;
  readonly now: () => number;
  readonly mayReach: MayReach;
  readonly flowsPerGuest?: number;
}

interface Flow extends Timed {
  readonly guest: Endpoint;
  readonly destination: Endpoint;
  readonly socket: Socket;
  /** Not connected yet: kept until it is. */
  waiting: Buffer[] | null;
  sending: number;
  usedMs: number;
  isOver: boolean;
}

export class UdpTranslator {
  readonly dropped = { policy: 0, tooLarge: 0, busy: 0 };
  private readonly options: UdpTranslatorOptions;
  /** By guest, then by both endpoints; the one used last is last. */
  private readonly flows = new Map<Ipv4Address, Map<string, Flow>>();

  constructor(options: UdpTranslatorOptions) {
    this.options = options;
    options.gateway.handle((packet) => this.receive(packet));
  }

  /** Ends everything of a guest that is gone. */
  drop(guest: Ipv4Address): void {
    for (const flow of [...(this.flows.get(guest)?.values() ?? [])]) this.end(flow);
  }

  /** Ends what the policy does not allow any more. */
  recheck(): void {
    for (const flows of [...this.flows.values()]) {
      for (const flow of [...flows.values()]) {
        const { address, port } = flow.destination;
        if (!this.options.mayReach(address, port, 'udp')) this.end(flow);
      }
    }
  }

  close(): void {
    for (const guest of [...this.flows.keys()]) this.drop(guest);
  }

  flowsOf(guest: Ipv4Address): number {
    return this.flows.get(guest)?.size ?? 0;
  }

  private receive(packet: Packet): boolean {
    const { ip, view, frame, offload } = packet;
    if (ip.protocol !== IpProtocol.udp) return false;
    const udp = isFragment(ip) ? null : readUdp(view, ip);
    if (!udp || (!offload.checksumPartial && !isUdpIntact(view, ip, udp))) return true;
    const guest = { address: ip.source, port: udp.sourcePort };
    const destination = { address: ip.destination, port: udp.destinationPort };
    const isReachable =
      destination.port !== 0 && this.options.mayReach(destination.address, destination.port, 'udp');
    if (!isReachable) {
      this.dropped.policy++;
      return false;
    }
    const flow = this.flowFor(guest, destination);
    const payload = Buffer.from(frame.subarray(udp.payloadAt, udp.payloadEnd));
    if (flow.sending >= SENDING_MAX) this.dropped.busy++;
    else this.send(flow, payload);
    return true;
  }

  private send(flow: Flow, payload: Buffer): void {
    flow.usedMs = this.options.now();
    flow.sending++;
    if (flow.waiting) flow.waiting.push(payload);
    else flow.socket.send(payload, () => flow.sending--);
  }

  private flowFor(guest: Endpoint, destination: Endpoint): Flow {
    const ofGuest = this.flows.get(guest.address) ?? new Map<string, Flow>();
    this.flows.set(guest.address, ofGuest);
    const key = keyOf(guest, destination);
    const known = ofGuest.get(key);
    if (known) {
      ofGuest.delete(key);
      ofGuest.set(key, known);
      return known;
    }
    const limit = this.options.flowsPerGuest ?? UDP_FLOWS_PER_GUEST;
    const oldest = ofGuest.values().next();
    if (ofGuest.size >= limit && oldest.done !== true) this.end(oldest.value);
    const flow = this.start(guest, destination);
    this.flows.set(guest.address, ofGuest);
    ofGuest.set(key, flow);
    this.options.timers.update(flow);
    return flow;
  }

  private start(guest: Endpoint, destination: Endpoint): Flow {
    const socket = createSocket('udp4');
    const end = (): void => this.end(flow);
    const flow: Flow = {
      guest,
      destination,
      socket,
      waiting: [],
      sending: 0,
      usedMs: this.options.now(),
      isOver: false,
      get nextMs() {
        return this.isOver ? null : this.usedMs + UDP_IDLE_MS;
      },
      onTimer: end,
    };
    socket.on('message', (payload) => this.answer(flow, payload));
    // For example "connection refused": what waits for the answer times out, as on a real network.
    socket.on('error', end);
    socket.connect(destination.port, formatIpv4(destination.address), () => {
      if (flow.isOver) return;
      const waiting = flow.waiting ?? [];
      flow.waiting = null;
      for (const payload of waiting) socket.send(payload, () => flow.sending--);
    });
    return flow;
  }

  private answer(flow: Flow, payload: Uint8Array): void {
    flow.usedMs = this.options.now();
    const { guest, destination } = flow;
    const route = {
      sourceMac: 0,
      destinationMac: 0,
      source: destination.address,
      destination: guest.address,
    };
    const { gateway } = this.options;
    // The largest UDP payload does not fit one datagram of the network, and we do not fragment.
    if (payload.length > gateway.mtu - 28) {
      this.dropped.tooLarge++;
      return;
    }
    const frame = buildUdp(route, destination.port, guest.port, payload);
    gateway.transmit(frame, guest.address);
  }

  private end(flow: Flow): void {
    if (flow.isOver) return;
    flow.isOver = true;
    const ofGuest = this.flows.get(flow.guest.address);
    ofGuest?.delete(keyOf(flow.guest, flow.destination));
    if (ofGuest?.size === 0) this.flows.delete(flow.guest.address);
    this.options.timers.remove(flow);
    flow.socket.close();
  }
}

function keyOf(guest: Endpoint, destination: Endpoint): string {
  return `${guest.port} ${endpointKey(destination)}`;
}
