/**
 * The classic capture file of libpcap (draft-ietf-opsawg-pcap), with times in microseconds, for
 * Ethernet. All little-endian.
 */
import { viewOf } from '../protocol/ethernet.ts';

const MAGIC_MICROSECONDS = 0xa1b2_c3d4;
const LINK_TYPE_ETHERNET = 1;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
/** What tcpdump takes by default. */
export const DEFAULT_SNAP_BYTES = 262_144;

export class PcapEncoder {
  readonly snapBytes: number;

  /** @param snapBytes of each frame so many are kept */
  constructor(snapBytes: number = DEFAULT_SNAP_BYTES) {
    this.snapBytes = snapBytes;
  }

  /** The start of a file. */
  header(): Uint8Array {
    const bytes = new Uint8Array(FILE_HEADER_BYTES);
    const view = viewOf(bytes);
    view.setUint32(0, MAGIC_MICROSECONDS, true);
    view.setUint16(4, 2, true);
    view.setUint16(6, 4, true);
    view.setUint32(16, this.snapBytes, true);
    view.setUint32(20, LINK_TYPE_ETHERNET, true);
    return bytes;
  }

  /** A record with a copy of the frame. @param wallClockMs since 1970; fractions count */
  record(frame: Uint8Array, wallClockMs: number): Uint8Array {
    const kept = Math.min(frame.length, this.snapBytes);
    const bytes = new Uint8Array(RECORD_HEADER_BYTES + kept);
    const view = viewOf(bytes);
    const microseconds = Math.round(wallClockMs * 1000);
    view.setUint32(0, Math.floor(microseconds / 1_000_000), true);
    view.setUint32(4, microseconds % 1_000_000, true);
    view.setUint32(8, kept, true);
    view.setUint32(12, frame.length, true);
    bytes.set(frame.subarray(0, kept), RECORD_HEADER_BYTES);
    return bytes;
  }
}
