/** The xenstore protocol's numbers, from the ABI tables, and what newer Xen adds to them. */
import {
  XenstoreConnection,
  XenstoreHeader,
  XenstoreLimit,
  XenstoreMessageType,
  XenstoreRing,
  XenstoreRingError,
  XenstoreServerFeature,
} from '../../hypervisor/abi/xs-wire.abi.ts';

/** Message types; those of Xen 4.22 that its 4.17 headers lack are added. */
export const XsType = {
  ...XenstoreMessageType,
  getFeature: 23,
  setFeature: 24,
  getQuota: 25,
  setQuota: 26,
} as const;

/** Offsets of a message header's fields and its size, in bytes. */
export const XsHeader = { ...XenstoreHeader.offset, size: XenstoreHeader.size } as const;

/** Offsets in the ring page, and sizes, in bytes. */
export const XsRing = {
  ...XenstoreRing.offset,
  ringSize: XenstoreLimit.ringSize,
  pageSize: 4096,
} as const;

/** Bits of the ring's `serverFeatures`; `watchDepth` is newer than 4.17. */
export const XsFeature = { ...XenstoreServerFeature, watchDepth: 4 } as const;
/** All we offer. */
export const SUPPORTED_FEATURES = XsFeature.reconnection | XsFeature.error | XsFeature.watchDepth;

/** Values of the ring's `connection`. */
export const XsConnectionState = XenstoreConnection;
/** Values of the ring's `error`. */
export const XsRingError = XenstoreRingError;

/** A longer payload, in either direction, ends the connection. */
export const PAYLOAD_MAX_BYTES = XenstoreLimit.payloadMax;
export const ABSOLUTE_PATH_MAX_BYTES = XenstoreLimit.absPathMax;
/** Of the part below `/local/domain/N/`. */
export const RELATIVE_PATH_MAX_BYTES = XenstoreLimit.relPathMax;
