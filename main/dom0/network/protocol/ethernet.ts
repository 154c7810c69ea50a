/** Ethernet II frames without preamble and check sequence, as vifs carry them. */
import { readMac, writeMac } from '../address/mac-address.ts';
import type { MacAddress } from '../address/mac-address.ts';

export const ETHERNET_HEADER_BYTES = 14;
export const EtherType = { ipv4: 0x0800, arp: 0x0806 } as const;

export interface EthernetHeader {
  destination: MacAddress;
  source: MacAddress;
  etherType: number;
}

/** A view of exactly the frame's bytes, so that no read can leave it. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Null for a runt. */
export function readEthernet(view: DataView): EthernetHeader | null {
  if (view.byteLength < ETHERNET_HEADER_BYTES) return null;
  return {
    destination: readMac(view, 0),
    source: readMac(view, 6),
    etherType: view.getUint16(12),
  };
}

export function writeEthernet(view: DataView, header: EthernetHeader): void {
  writeMac(view, 0, header.destination);
  writeMac(view, 6, header.source);
  view.setUint16(12, header.etherType);
}
