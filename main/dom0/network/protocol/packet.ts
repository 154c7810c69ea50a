import { ETHERNET_HEADER_BYTES, EtherType, viewOf, writeEthernet } from './ethernet.ts';
import type { Route } from './endpoints.ts';
import { IPV4_HEADER_BYTES, writeIpv4 } from './ipv4.ts';

/** Where the payload of an IPv4 header without options lies in a frame. */
export const IPV4_PAYLOAD_AT: number = ETHERNET_HEADER_BYTES + IPV4_HEADER_BYTES;

/** A frame with its Ethernet and IPv4 headers written and `payloadBytes` zeros after them. */
export function allocateIpv4Frame(
  route: Route,
  protocol: number,
  payloadBytes: number,
): { frame: Uint8Array; view: DataView } {
  const frame = new Uint8Array(IPV4_PAYLOAD_AT + payloadBytes);
  const view = viewOf(frame);
  writeEthernet(view, {
    destination: route.destinationMac,
    source: route.sourceMac,
    etherType: EtherType.ipv4,
  });
  const { source, destination } = route;
  writeIpv4(view, { source, destination, protocol, payloadBytes });
  return { frame, view };
}
