/**
 * A frame on a wire, as a frame ring holds it: little-endian, then the frame.
 *
 *     0   f64  when its last byte is at the other end, by the links' clock (`linkNowMs`)
 *     8   u32  the number of its network
 *     12  u32  1: it was forwarded, and its sender is not where it comes from
 */
export const WIRE_HEADER_BYTES = 16;
/** Preamble, checksum and gap of a real frame (IEEE 802.3): what it takes of the link besides. */
export const WIRE_OVERHEAD_BYTES = 24;

export interface WireFrame {
  arrivesMs: number;
  network: number;
  isForwarded: boolean;
  frame: Uint8Array;
}

export function writeWireFrame(target: Uint8Array, wireFrame: WireFrame): void {
  const { arrivesMs, network, isForwarded, frame } = wireFrame;
  const view = new DataView(target.buffer, target.byteOffset, WIRE_HEADER_BYTES);
  view.setFloat64(0, arrivesMs, true);
  view.setUint32(8, network, true);
  view.setUint32(12, isForwarded ? 1 : 0, true);
  target.set(frame, WIRE_HEADER_BYTES);
}

/** Null for what no wire frame is. */
export function readWireFrame(record: Uint8Array): WireFrame | null {
  if (record.length < WIRE_HEADER_BYTES) return null;
  const view = new DataView(record.buffer, record.byteOffset, WIRE_HEADER_BYTES);
  return {
    arrivesMs: view.getFloat64(0, true),
    network: view.getUint32(8, true),
    isForwarded: view.getUint32(12, true) === 1,
    frame: record.subarray(WIRE_HEADER_BYTES),
  };
}
