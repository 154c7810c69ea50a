/** Xen public/io/netif.h: two rings a queue. "tx" is the guest's sending. */
import { type ConstantOf } from '../constants.ts';
import { array, bytes, gref, i16, u16, u8 } from '../field-types.ts';
import { struct, union, type StructValue } from '../struct.ts';

/** `NETTXF_*`: flags of a tx request. The first two are swapped against rx. */
export const NetTxFlag = { csumBlank: 1, dataValidated: 2, moreData: 4, extraInfo: 8 } as const;

/** `NETRXF_*`: flags of an rx response. */
export const NetRxFlag = {
  dataValidated: 1,
  csumBlank: 2,
  moreData: 4,
  extraInfo: 8,
  gsoPrefix: 16,
} as const;

/** `NETIF_RSP_*`: status of a tx response; `null` answers an extra info's slot. */
export const NetifStatus = { dropped: -2, error: -1, okay: 0, null: 1 } as const;
export type NetifStatus = ConstantOf<typeof NetifStatus>;

/** `XEN_NETIF_EXTRA_TYPE_*`. */
export const NetifExtraType = { none: 0, gso: 1, mcastAdd: 2, mcastDel: 3, hash: 4 } as const;
export type NetifExtraType = ConstantOf<typeof NetifExtraType>;

/** Bit of `NetifExtraInfo.flags`: another one follows. */
export const NETIF_EXTRA_FLAG_MORE = 1;

/** `XEN_NETIF_GSO_TYPE_*`. */
export const NetifGsoType = { none: 0, tcpv4: 1, tcpv6: 2 } as const;

/** Bytes of a ring entry. */
export const NetifRingEntryBytes = { tx: 12, rx: 8 } as const;

export const NetifLimit = {
  /** Slots of one packet that both ends must be able to handle. */
  minSlots: 18,
  /** Bytes of one packet. */
  maxTxSize: 0xffff,
} as const;

export const NetifTxRequest = struct('netif_tx_request', 12, {
  gref: [0, gref],
  offset: [4, u16], // bytes into the granted page
  flags: [6, u16], // NetTxFlag
  id: [8, u16],
  size: [10, u16], // of a packet's first slot: the whole packet
});
export type NetifTxRequest = StructValue<typeof NetifTxRequest>;

/** In the slots right after a packet's first one. */
export const NetifExtraInfo = struct('netif_extra_info', 8, {
  type: [0, u8], // NetifExtraType
  flags: [1, u8],
  u: [
    2,
    union('netif_extra_info.u', 6, {
      gso: struct('netif_extra_info.u.gso', 6, {
        size: [0, u16], // bytes of a segment's payload
        type: [2, u8], // NetifGsoType
        pad: [3, u8],
        features: [4, u16],
      }),
      mcast: struct('netif_extra_info.u.mcast', 6, { addr: [0, bytes(6)] }),
      hash: struct('netif_extra_info.u.hash', 6, {
        type: [0, u8],
        algorithm: [1, u8],
        value: [2, bytes(4)],
      }),
      pad: array(u16, 3),
    }),
  ],
});

export const NetifTxResponse = struct('netif_tx_response', 4, {
  id: [0, u16],
  status: [2, i16], // NetifStatus
});

export const NetifRxRequest = struct('netif_rx_request', 8, {
  id: [0, u16],
  pad: [2, u16],
  gref: [4, gref],
});

/** In the order of the requests: the guest finds its buffer by the ring's index. */
export const NetifRxResponse = struct('netif_rx_response', 8, {
  id: [0, u16],
  offset: [2, u16], // bytes into the granted page
  flags: [4, u16], // NetRxFlag
  status: [6, i16], // bytes, or below 0 a NetifStatus
});
export type NetifRxResponse = StructValue<typeof NetifRxResponse>;
