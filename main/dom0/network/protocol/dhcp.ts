/** DHCP messages (RFC 2131) and their options (RFC 2132). */
import { readMac, writeMac } from '../address/mac-address.ts';
import type { MacAddress } from '../address/mac-address.ts';
import type { Ipv4Address } from '../address/ipv4-address.ts';
import { viewOf } from './ethernet.ts';

export const DhcpPort = { server: 67, client: 68 } as const;
export const DhcpOperation = { request: 1, reply: 2 } as const;
export const DhcpType = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;

/** Option numbers. */
export const DhcpOption = {
  pad: 0,
  subnetMask: 1,
  router: 3,
  dns: 6,
  hostName: 12,
  domainName: 15,
  mtu: 26,
  broadcast: 28,
  requestedAddress: 50,
  leaseSeconds: 51,
  type: 53,
  server: 54,
  renewalSeconds: 58,
  rebindingSeconds: 59,
  end: 255,
} as const;

const OPTIONS_AT = 240;
const MAGIC_COOKIE = 0x6382_5363;
const BROADCAST_FLAG = 0x8000;
/** BOOTP's minimum (RFC 951): some clients drop shorter replies. */
const MESSAGE_BYTES_MIN = 300;
const HARDWARE_ETHERNET = 1;

export interface DhcpMessage {
  operation: number;
  /** A value of {@link DhcpType}, or an unknown one. */
  type: number;
  transaction: number;
  /** The client cannot take unicasts yet. */
  wantsBroadcast: boolean;
  clientAddress: Ipv4Address;
  yourAddress: Ipv4Address;
  clientMac: MacAddress;
  requestedAddress: Ipv4Address | null;
  server: Ipv4Address | null;
}

/** Reads a UDP payload; null when it is cut, not DHCP, or not for Ethernet. */
export function readDhcp(payload: Uint8Array): DhcpMessage | null {
  if (payload.length < OPTIONS_AT) return null;
  const view = viewOf(payload);
  const isEthernet = view.getUint8(1) === HARDWARE_ETHERNET && view.getUint8(2) === 6;
  if (!isEthernet || view.getUint32(236) !== MAGIC_COOKIE) return null;
  const options = readOptions(view);
  const type = options?.get(DhcpOption.type);
  if (!options || type?.byteLength !== 1) return null;
  return {
    operation: view.getUint8(0),
    type: type.getUint8(0),
    transaction: view.getUint32(4),
    wantsBroadcast: (view.getUint16(10) & BROADCAST_FLAG) !== 0,
    clientAddress: view.getUint32(12),
    yourAddress: view.getUint32(16),
    clientMac: readMac(view, 28),
    requestedAddress: addressOf(options.get(DhcpOption.requestedAddress)),
    server: addressOf(options.get(DhcpOption.server)),
  };
}

function addressOf(value: DataView | undefined): Ipv4Address | null {
  return value?.byteLength === 4 ? value.getUint32(0) : null;
}

/** The first of each option; null when one is cut. */
function readOptions(view: DataView): Map<number, DataView> | null {
  const options = new Map<number, DataView>();
  for (let at = OPTIONS_AT; at < view.byteLength;) {
    const option = view.getUint8(at++);
    if (option === DhcpOption.end) break;
    if (option === DhcpOption.pad) continue;
    if (at >= view.byteLength) return null;
    const bytes = view.getUint8(at++);
    if (at + bytes > view.byteLength) return null;
    if (!options.has(option)) {
      options.set(option, new DataView(view.buffer, view.byteOffset + at, bytes));
    }
    at += bytes;
  }
  return options;
}

/** An option's number and its value: bytes, or words of 16 or 32 bits, or ASCII text. */
export type DhcpOptionValue = readonly [option: number, value: Uint8Array];

export function byteOption(option: number, value: number): DhcpOptionValue {
  return [option, Uint8Array.of(value)];
}

export function shortOption(option: number, value: number): DhcpOptionValue {
  return [option, Uint8Array.of(value >> 8, value)];
}

/** Addresses and times. */
export function wordOption(option: number, value: number): DhcpOptionValue {
  return [option, Uint8Array.of(value >>> 24, value >> 16, value >> 8, value)];
}

export function textOption(option: number, text: string): DhcpOptionValue {
  return [option, new TextEncoder().encode(text).subarray(0, 255)];
}

/** A UDP payload; options of the message that are not null go before the given ones. */
export function buildDhcp(message: DhcpMessage, options: readonly DhcpOptionValue[]): Uint8Array {
  const all = [byteOption(DhcpOption.type, message.type)];
  if (message.requestedAddress !== null) {
    all.push(wordOption(DhcpOption.requestedAddress, message.requestedAddress));
  }
  if (message.server !== null) all.push(wordOption(DhcpOption.server, message.server));
  all.push(...options);
  const optionBytes = all.reduce((sum, [, value]) => sum + 2 + value.length, 1);
  const payload = new Uint8Array(Math.max(MESSAGE_BYTES_MIN, OPTIONS_AT + optionBytes));
  const view = viewOf(payload);
  view.setUint8(0, message.operation);
  view.setUint8(1, HARDWARE_ETHERNET);
  view.setUint8(2, 6);
  view.setUint32(4, message.transaction);
  view.setUint16(10, message.wantsBroadcast ? BROADCAST_FLAG : 0);
  view.setUint32(12, message.clientAddress);
  view.setUint32(16, message.yourAddress);
  writeMac(view, 28, message.clientMac);
  view.setUint32(236, MAGIC_COOKIE);
  let at = OPTIONS_AT;
  for (const [option, value] of all) {
    view.setUint8(at, option);
    view.setUint8(at + 1, value.length);
    payload.set(value, at + 2);
    at += 2 + value.length;
  }
  view.setUint8(at, DhcpOption.end);
  return payload;
}
