/**
 * The xenstore wire protocol and its shared ring page: Xen's `public/io/xs_wire.h`.
 * All integers are little-endian u32. The golden test compares with what a C compiler
 * prints from that header.
 */

/** `enum xsd_sockmsg_type`. */
export const XsType = {
  CONTROL: 0,
  DIRECTORY: 1,
  READ: 2,
  GET_PERMS: 3,
  WATCH: 4,
  UNWATCH: 5,
  TRANSACTION_START: 6,
  TRANSACTION_END: 7,
  INTRODUCE: 8,
  RELEASE: 9,
  GET_DOMAIN_PATH: 10,
  WRITE: 11,
  MKDIR: 12,
  RM: 13,
  SET_PERMS: 14,
  WATCH_EVENT: 15,
  ERROR: 16,
  IS_DOMAIN_INTRODUCED: 17,
  RESUME: 18,
  SET_TARGET: 19,
  RESET_WATCHES: 21,
  DIRECTORY_PART: 22,
  GET_FEATURE: 23,
  SET_FEATURE: 24,
  GET_QUOTA: 25,
  SET_QUOTA: 26,
  INVALID: 0xffff,
} as const;

/** `struct xsd_sockmsg`: offsets of its fields and its size in bytes. */
export const XsHeader = { type: 0, reqId: 4, txId: 8, payloadLength: 12, size: 16 } as const;

/** `XENSTORE_PAYLOAD_MAX`: a longer payload, in either direction, ends the connection. */
export const PAYLOAD_MAX_BYTES = 4096;
/** `XENSTORE_ABS_PATH_MAX`. */
export const ABSOLUTE_PATH_MAX_BYTES = 3072;
/** `XENSTORE_REL_PATH_MAX`: the part below `/local/domain/N/`. */
export const RELATIVE_PATH_MAX_BYTES = 2048;

/** `struct xenstore_domain_interface`: byte offsets in the ring page. */
export const XsRing = {
  request: 0,
  response: 1024,
  requestConsumer: 2048,
  requestProducer: 2052,
  responseConsumer: 2056,
  responseProducer: 2060,
  serverFeatures: 2064,
  connection: 2068,
  error: 2072,
  /** Bytes of each of the two rings (`XENSTORE_RING_SIZE`). */
  ringSize: 1024,
  pageSize: 4096,
} as const;

/** `XENSTORE_SERVER_FEATURE_*`: bits of `serverFeatures`. */
export const XsFeature = { reconnection: 1, error: 2, watchDepth: 4 } as const;

/** Values of `connection`. */
export const XsConnectionState = { connected: 0, reconnect: 1 } as const;

/** `XENSTORE_ERROR_*`: values of `error`. */
export const XsRingError = { none: 0, comms: 1, ringIndex: 2, protocol: 3 } as const;
