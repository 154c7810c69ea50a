/** MAC addresses as numbers of 48 bits: they compare, and key maps, without allocation. */
export type MacAddress = number;

export const BROADCAST_MAC: MacAddress = 0xffff_ffff_ffff;
const TEXT = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;

/** Reads `00:16:3e:01:02:03`; null when it is no MAC address. */
export function parseMac(text: string): MacAddress | null {
  return TEXT.test(text) ? Number.parseInt(text.replaceAll(':', ''), 16) : null;
}

export function formatMac(mac: MacAddress): string {
  const hex = mac.toString(16).padStart(12, '0');
  return hex.replaceAll(/..(?!$)/g, '$&:');
}

/** The caller has checked that six bytes lie there. */
export function readMac(view: DataView, at: number): MacAddress {
  return view.getUint16(at) * 0x1_0000_0000 + view.getUint32(at + 2);
}

export function writeMac(view: DataView, at: number, mac: MacAddress): void {
  view.setUint16(at, Math.floor(mac / 0x1_0000_0000));
  view.setUint32(at + 2, mac % 0x1_0000_0000);
}

/** The group bit (IEEE 802, the first byte's lowest): broadcast is one of these. */
export function isGroupMac(mac: MacAddress): boolean {
  return (Math.floor(mac / 0x100_0000_0000) & 1) === 1;
}

/** 01-80-C2-00-00-00 to -0F never pass a bridge (IEEE 802.1Q, table 8-1). */
export function isBridgeControlMac(mac: MacAddress): boolean {
  return mac >= 0x0180_c200_0000 && mac <= 0x0180_c200_000f;
}
