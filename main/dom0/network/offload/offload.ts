/**
 * What a frame's sender left to others, as the netif ring says it (Xen public/io/netif.h:
 * `NETTXF_csum_blank`, `XEN_NETIF_EXTRA_TYPE_GSO`).
 */
export interface Offload {
  /** The TCP or UDP checksum field holds at most the pseudo header's sum. */
  readonly checksumPartial: boolean;
  /** Not 0: a TCP frame of up to 64 KiB, to be cut into segments with this much payload. */
  readonly segmentBytes: number;
}

export const NO_OFFLOAD: Offload = { checksumPartial: false, segmentBytes: 0 };

/** What a receiver can do by itself. */
export interface OffloadAbility {
  readonly checksumPartial: boolean;
  readonly segmentation: boolean;
}

/** Takes super-frames, and needs no checksums: gateways, and wires that only carry on. */
export const FULL_ABILITY: OffloadAbility = { checksumPartial: true, segmentation: true };
export const NO_ABILITY: OffloadAbility = { checksumPartial: false, segmentation: false };
