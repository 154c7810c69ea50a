/** IPv4 addresses as unsigned numbers of 32 bits, and subnets of them. */
export type Ipv4Address = number;

export interface Subnet {
  /** The network's address: host bits are zero. */
  readonly base: Ipv4Address;
  /** 0 to 32. */
  readonly prefixLength: number;
}

export const UNSPECIFIED: Ipv4Address = 0;
export const LIMITED_BROADCAST: Ipv4Address = 0xffff_ffff;
const OCTET = /^(0|[1-9]\d{0,2})$/;

/** Reads dotted decimal; null when it is no address. Octal and short forms are refused. */
export function parseIpv4(text: string): Ipv4Address | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let address = 0;
  for (const part of parts) {
    if (!OCTET.test(part) || Number(part) > 255) return null;
    address = address * 256 + Number(part);
  }
  return address;
}

export function formatIpv4(address: Ipv4Address): string {
  return [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255].join('.');
}

/** Reads `10.0.0.0/24`; null when it is no subnet or has host bits. */
export function parseSubnet(text: string): Subnet | null {
  const [addressText = '', lengthText = '', ...rest] = text.split('/');
  const base = parseIpv4(addressText);
  if (base === null || rest.length > 0 || !/^\d{1,2}$/.test(lengthText)) return null;
  const prefixLength = Number(lengthText);
  if (prefixLength > 32) return null;
  const subnet = { base, prefixLength };
  return (base & maskOf(subnet)) >>> 0 === base ? subnet : null;
}

export function formatSubnet(subnet: Subnet): string {
  return `${formatIpv4(subnet.base)}/${subnet.prefixLength}`;
}

export function maskOf({ prefixLength }: Subnet): Ipv4Address {
  return prefixLength === 0 ? 0 : (0xffff_ffff << (32 - prefixLength)) >>> 0;
}

/** The subnet's directed broadcast address. */
export function broadcastOf(subnet: Subnet): Ipv4Address {
  return (subnet.base | ~maskOf(subnet)) >>> 0;
}

export function contains(subnet: Subnet, address: Ipv4Address): boolean {
  return (address & maskOf(subnet)) >>> 0 === subnet.base;
}
