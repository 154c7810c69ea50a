import type { Ipv4Address } from '../address/ipv4-address.ts';
import type { MacAddress } from '../address/mac-address.ts';

/** An address and a port of TCP or UDP. */
export interface Endpoint {
  address: Ipv4Address;
  port: number;
}

/** An endpoint as one number (48 bits), for maps. */
export function endpointKey({ address, port }: Endpoint): number {
  return address * 0x1_0000 + port;
}

/** Who sends a frame to whom. */
export interface Route {
  sourceMac: MacAddress;
  destinationMac: MacAddress;
  source: Ipv4Address;
  destination: Ipv4Address;
}
