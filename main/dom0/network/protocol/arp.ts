/** ARP for IPv4 over Ethernet (RFC 826). */
import { BROADCAST_MAC, readMac, writeMac } from '../address/mac-address.ts';
import type { MacAddress } from '../address/mac-address.ts';
import type { Ipv4Address } from '../address/ipv4-address.ts';
import { ETHERNET_HEADER_BYTES, EtherType, viewOf, writeEthernet } from './ethernet.ts';

export const ArpOperation = { request: 1, reply: 2 } as const;
const ARP_BYTES = 28;
const HARDWARE_ETHERNET = 1;
/** 6 bytes of hardware address, 4 of protocol address, as one word. */
const ADDRESS_LENGTHS = 0x0604;

export interface ArpPacket {
  /** A value of {@link ArpOperation}, or an unknown one. */
  operation: number;
  senderMac: MacAddress;
  senderAddress: Ipv4Address;
  targetMac: MacAddress;
  targetAddress: Ipv4Address;
}

/** Reads the packet after the Ethernet header; null when it is cut or of another kind. */
export function readArp(view: DataView): ArpPacket | null {
  const at = ETHERNET_HEADER_BYTES;
  if (view.byteLength < at + ARP_BYTES) return null;
  const known =
    view.getUint16(at) === HARDWARE_ETHERNET &&
    view.getUint16(at + 2) === EtherType.ipv4 &&
    view.getUint16(at + 4) === ADDRESS_LENGTHS;
  if (!known) return null;
  return {
    operation: view.getUint16(at + 6),
    senderMac: readMac(view, at + 8),
    senderAddress: view.getUint32(at + 14),
    targetMac: readMac(view, at + 18),
    targetAddress: view.getUint32(at + 24),
  };
}

/** A whole frame from the sender to `destination`. */
export function buildArp(packet: ArpPacket, destination: MacAddress): Uint8Array {
  const frame = new Uint8Array(ETHERNET_HEADER_BYTES + ARP_BYTES);
  const view = viewOf(frame);
  writeEthernet(view, { destination, source: packet.senderMac, etherType: EtherType.arp });
  const at = ETHERNET_HEADER_BYTES;
  view.setUint16(at, HARDWARE_ETHERNET);
  view.setUint16(at + 2, EtherType.ipv4);
  view.setUint16(at + 4, ADDRESS_LENGTHS);
  view.setUint16(at + 6, packet.operation);
  writeMac(view, at + 8, packet.senderMac);
  view.setUint32(at + 14, packet.senderAddress);
  writeMac(view, at + 18, packet.targetMac);
  view.setUint32(at + 24, packet.targetAddress);
  return frame;
}

/** "This address is at this MAC", to everybody (an ARP announcement, RFC 5227 section 3). */
export function buildGratuitousArp(mac: MacAddress, address: Ipv4Address): Uint8Array {
  return buildArp(
    {
      operation: ArpOperation.request,
      senderMac: mac,
      senderAddress: address,
      targetMac: 0,
      targetAddress: address,
    },
    BROADCAST_MAC,
  );
}
