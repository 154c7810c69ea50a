/**
 * The switch of one network on one host, or beside its gateway. Networks do not know of each other:
 * each has its own switches, and only gateways join them.
 *
 * Switches are joined in a full mesh of uplinks, so a frame from an uplink never goes to another one,
 * except after a guest that departed just now: there are no loops and no spanning tree. The stations of
 * this host are known by their ports, so frames to unknown ones go to uplinks only, and no guest sees
 * unicasts that are not for it.
 */
import { DomusError } from '../../../../shared/errors.ts';
import { isGroupMac } from '../address/mac-address.ts';
import type { MacAddress } from '../address/mac-address.ts';
import { completeChecksum } from '../offload/complete-checksum.ts';
import { NO_OFFLOAD } from '../offload/offload.ts';
import type { Offload } from '../offload/offload.ts';
import { SEGMENT_BYTES_MIN, segmentTcp } from '../offload/segment-tcp.ts';
import { ArpOperation, buildArp, buildGratuitousArp } from '../protocol/arp.ts';
import { ETHERNET_HEADER_BYTES } from '../protocol/ethernet.ts';
import { IpProtocol, isFragment } from '../protocol/ipv4.ts';
import { isAllowed } from './access-rule.ts';
import { grantedAddress } from './dhcp-snooping.ts';
import { dissectFrame } from './dissection.ts';
import type { Dissection } from './dissection.ts';
import { refuseSender } from './guard.ts';
import { DEFAULT_MAC_TABLE_LIMITS, MacTable } from './mac-table.ts';
import type { MacTableLimits } from './mac-table.ts';
import { SwitchPort } from './port.ts';
import type { PortOptions } from './port.ts';
import type { DropReason } from './port-counters.ts';

export interface SwitchOptions {
  /** Milliseconds of a clock that does not run backwards. */
  readonly now: () => number;
  /** Bytes of an IPv4 datagram. Default: 1500. */
  readonly mtu?: number;
  readonly macTable?: MacTableLimits;
}

const DEFAULT_MTU = 1500;
/** Whoever has not heard within this time that a guest moved hears it from the guest's next frame. */
const FORWARDING_MS = 5000;
const IPV4_BYTES_MAX = 65_535;

export class NetworkSwitch {
  readonly mtu: number;
  private readonly now: () => number;
  private readonly ports = new Map<string, SwitchPort>();
  /** Where this host's own stations are plugged in. */
  private readonly stations = new Map<MacAddress, SwitchPort>();
  /** Where a MAC was last heard: at an uplink, after its guest moved, though a port is here yet. */
  private readonly heard: MacTable<SwitchPort>;
  /** Guests that went to another host lately, and the uplink behind which they are. */
  private readonly departed = new Map<MacAddress, { to: SwitchPort; untilMs: number }>();

  constructor(options: SwitchOptions) {
    this.now = options.now;
    this.mtu = options.mtu ?? DEFAULT_MTU;
    this.heard = new MacTable(options.macTable ?? DEFAULT_MAC_TABLE_LIMITS);
  }

  /** @throws DomusError `network.port-taken`, `network.mac-taken`, `network.mac-invalid` */
  attach(options: PortOptions): SwitchPort {
    const { id, mac } = options;
    if (this.ports.has(id)) {
      throw new DomusError('network.port-taken', `the switch has a port ${id} already`);
    }
    if (mac !== null && (isGroupMac(mac) || mac === 0)) {
      throw new DomusError('network.mac-invalid', `port ${id} has a MAC address for groups`);
    }
    const owner = mac === null ? undefined : this.stations.get(mac);
    if (owner) {
      const what = `port ${id} has the same MAC address as port ${owner.id}`;
      throw new DomusError('network.mac-taken', what, { data: { port: owner.id } });
    }
    const port = new SwitchPort(
      options,
      (from, frame, load, isForwarded) => this.take(from, frame, load, isForwarded),
      () => this.now(),
    );
    this.ports.set(id, port);
    if (mac !== null) {
      this.stations.set(mac, port);
      this.departed.delete(mac);
      this.heard.learn(mac, port, this.now());
    }
    return port;
  }

  /** Unplugs a port; frames that its owner still sends go nowhere. */
  detach(port: SwitchPort): void {
    if (this.ports.get(port.id) !== port) return;
    port.linkUp = false;
    this.ports.delete(port.id);
    if (port.mac !== null) this.stations.delete(port.mac);
    this.heard.forget(port);
    for (const [mac, { to }] of this.departed) if (to === port) this.departed.delete(mac);
  }

  /**
   * Unplugs the port of a guest that goes on behind an uplink. For a while frames to it are sent after
   * it, also those of hosts that have not heard of its move: their frames and its announcement go over
   * different wires, and may pass each other.
   */
  depart(port: SwitchPort, to: SwitchPort): void {
    this.detach(port);
    const nowMs = this.now();
    for (const [mac, { untilMs }] of this.departed) if (untilMs < nowMs) this.departed.delete(mac);
    if (port.mac !== null) this.departed.set(port.mac, { to, untilMs: nowMs + FORWARDING_MS });
  }

  /** A guest is here, or will be: nothing is sent after it any more. So no frame goes round in a circle. */
  arrived(mac: MacAddress): void {
    this.departed.delete(mac);
  }

  /** Tells the other hosts at once that a guest is here now: after a move, for one that is silent. */
  announce(port: SwitchPort): void {
    const { mac } = port;
    if (mac === null || !port.linkUp) return;
    this.heard.learn(mac, port, this.now());
    // Without an address any frame from the MAC does; 0.0.0.0 claims none (RFC 5227).
    const addresses = port.addresses.size > 0 ? port.addresses : [0];
    for (const address of addresses) {
      const frame = buildGratuitousArp(mac, address);
      const packet = dissectFrame(frame);
      if (packet) this.flood(port, frame, NO_OFFLOAD, packet);
    }
  }

  /**
   * A frame that lay at a port whose guest is not here any more: to where that is now. A guest that
   * moved misses nothing that was for it alone and came while it stood still; of broadcasts it gets
   * those that ask for its addresses.
   *
   * @param from which has departed, or is detached
   */
  redirect(from: SwitchPort, frame: Uint8Array, offload: Offload): void {
    const packet = dissectFrame(frame);
    if (packet === null) return;
    const { destination } = packet.ethernet;
    if (isGroupMac(destination)) return this.redirectQuestion(from, packet);
    const to = this.afterDeparted(destination) ?? this.find(destination);
    if (to?.kind === 'uplink') this.give(to, from, frame, offload, packet, true);
  }

  /** Who asked everybody hears the answer a second earlier than by asking again. */
  private redirectQuestion(from: SwitchPort, { arp }: Dissection): void {
    if (from.mac === null || arp?.operation !== ArpOperation.request) return;
    if (!from.addresses.has(arp.targetAddress)) return;
    const to = this.afterDeparted(from.mac);
    const question = buildArp(arp, from.mac);
    const packet = dissectFrame(question);
    if (to && packet) this.give(to, from, question, NO_OFFLOAD, packet, true);
  }

  private take(from: SwitchPort, frame: Uint8Array, offload: Offload, isForwarded: boolean): void {
    const packet = dissectFrame(frame);
    const refusal = packet ? this.refuse(from, frame, offload, packet) : 'malformed';
    if (from.linkUp) from.tap?.(frame, offload, 'sent');
    if (refusal !== null || packet === null) {
      from.counters.sendDrops[refusal ?? 'malformed']++;
      return;
    }
    from.counters.sentFrames++;
    from.counters.sentBytes += frame.length;
    const { source, destination } = packet.ethernet;
    if (!isForwarded) this.hear(source, from);
    if (isGroupMac(destination)) {
      this.flood(from, frame, offload, packet);
      return;
    }
    if (from.kind === 'uplink') {
      // A guest that is on its way is here for those who think so: what comes lies at its port until it
      // departs, and is sent after it then, also back to the host from which it came.
      const to = this.stations.get(destination) ?? this.afterDeparted(destination);
      if (to === null) from.counters.sendDrops['no-port']++;
      else this.give(to, from, frame, offload, packet, to.kind === 'uplink');
      return;
    }
    const to = this.whereabouts(destination);
    if (to === null) this.toUplinks(from, frame, offload, packet);
    else if (to === from) from.counters.sendDrops['no-port']++;
    else this.give(to, from, frame, offload, packet);
  }

  private refuse(
    from: SwitchPort,
    frame: Uint8Array,
    offload: Offload,
    packet: Dissection,
  ): DropReason | null {
    if (!from.linkUp) return 'link-down';
    const shape = this.refuseShape(frame, offload, packet);
    if (shape !== null) return shape;
    if (isGroupMac(packet.ethernet.source)) return 'spoofed-mac';
    if (from.kind === 'guest' && from.mac !== null) {
      const lie = refuseSender(packet, from.mac, from.addresses);
      if (lie !== null) return lie;
    }
    if (!isAllowed(from.access, 'out', packet)) return 'rule';
    const now = this.now();
    if (from.sendBucket && !from.sendBucket.take(frame.length, now)) return 'rate';
    if (from.stormBucket && this.whereabouts(packet.ethernet.destination) === null) {
      if (!from.stormBucket.take(1, now)) return 'storm';
    }
    return null;
  }

  /** Sizes, and whether the offloads asked for can be done: later on nothing of it fails. */
  private refuseShape(
    frame: Uint8Array,
    { checksumPartial, segmentBytes }: Offload,
    { ip, ports }: Dissection,
  ): DropReason | null {
    if (segmentBytes === 0 && !checksumPartial) {
      return frame.length > ETHERNET_HEADER_BYTES + this.mtu ? 'too-long' : null;
    }
    if (!ip || !ports || isFragment(ip)) return 'offload';
    if (segmentBytes === 0) {
      return frame.length > ETHERNET_HEADER_BYTES + this.mtu ? 'too-long' : null;
    }
    if (frame.length > ETHERNET_HEADER_BYTES + IPV4_BYTES_MAX) return 'too-long';
    // Written so that no number that is none passes.
    const isSegmentable = ip.protocol === IpProtocol.tcp && segmentBytes >= SEGMENT_BYTES_MIN;
    if (!isSegmentable) return 'offload';
    // At least 40 bytes of headers go before each segment's payload.
    return segmentBytes + 40 > this.mtu ? 'offload' : null;
  }

  private hear(mac: MacAddress, from: SwitchPort): void {
    // Whatever MAC addresses guests were given: none takes a service's place.
    const station = this.stations.get(mac);
    if (from.kind === 'uplink' && station?.kind === 'service') return;
    this.heard.learn(mac, from, this.now());
  }

  private find(mac: MacAddress): SwitchPort | null {
    return this.heard.lookUp(mac, this.now()) ?? this.stations.get(mac) ?? null;
  }

  private whereabouts(mac: MacAddress): SwitchPort | null {
    return this.find(mac) ?? this.afterDeparted(mac);
  }

  private afterDeparted(mac: MacAddress): SwitchPort | null {
    const departed = this.departed.get(mac);
    return departed && this.now() <= departed.untilMs ? departed.to : null;
  }

  private flood(from: SwitchPort, frame: Uint8Array, offload: Offload, packet: Dissection): void {
    for (const to of this.ports.values()) {
      if (to === from || (to.kind === 'uplink' && from.kind === 'uplink')) continue;
      this.give(to, from, frame, offload, packet);
    }
  }

  private toUplinks(
    from: SwitchPort,
    frame: Uint8Array,
    offload: Offload,
    packet: Dissection,
  ): void {
    for (const to of this.ports.values()) {
      if (to.kind === 'uplink' && to !== from) this.give(to, from, frame, offload, packet);
    }
  }

  private give(
    to: SwitchPort,
    from: SwitchPort,
    frame: Uint8Array,
    offload: Offload,
    packet: Dissection,
    isForwarded = false,
  ): void {
    const refusal = this.refuseReceiver(to, frame, packet);
    if (refusal !== null) {
      to.counters.receiveDrops[refusal]++;
      return;
    }
    if (to.kind === 'guest' && from.kind !== 'guest' && to.snoopsLeases && to.mac !== null) {
      const granted = grantedAddress(frame, packet, to.mac);
      if (granted !== null) to.grant(granted);
    }
    if (offload.segmentBytes > 0 && !(to.ability.segmentation && to.ability.checksumPartial)) {
      const cut = segmentTcp(frame, offload.segmentBytes, (segment) =>
        this.hand(to, segment, NO_OFFLOAD, isForwarded),
      );
      if (!cut) to.counters.receiveDrops.offload++;
    } else if (offload.checksumPartial && !to.ability.checksumPartial) {
      const copy = Uint8Array.from(frame);
      if (completeChecksum(copy)) this.hand(to, copy, NO_OFFLOAD, isForwarded);
      else to.counters.receiveDrops.offload++;
    } else this.hand(to, frame, offload, isForwarded);
  }

  private refuseReceiver(to: SwitchPort, frame: Uint8Array, packet: Dissection): DropReason | null {
    if (!to.linkUp) return 'link-down';
    if (!isAllowed(to.access, 'in', packet)) return 'rule';
    const { receiveBucket } = to;
    return receiveBucket && !receiveBucket.take(frame.length, this.now()) ? 'rate' : null;
  }

  private hand(to: SwitchPort, frame: Uint8Array, offload: Offload, isForwarded: boolean): void {
    to.tap?.(frame, offload, 'received');
    if (to.deliver(frame, offload, isForwarded)) {
      to.counters.receivedFrames++;
      to.counters.receivedBytes += frame.length;
    } else to.counters.receiveDrops['receiver-full']++;
  }
}
