/** Xen public/io/xs_wire.h: xenstore's messages and the page that carries them. */
import { namesOf, type ConstantOf } from './constants.ts';
import { bytes, u32 } from './field-types.ts';
import { struct, type StructValue } from './struct.ts';

/** `XS_*`: message types. */
export const XenstoreMessageType = {
  control: 0,
  directory: 1,
  read: 2,
  getPerms: 3,
  watch: 4,
  unwatch: 5,
  transactionStart: 6,
  transactionEnd: 7,
  introduce: 8,
  release: 9,
  getDomainPath: 10,
  write: 11,
  mkdir: 12,
  rm: 13,
  setPerms: 14,
  watchEvent: 15,
  error: 16,
  isDomainIntroduced: 17,
  resume: 18,
  setTarget: 19,
  resetWatches: 21,
  directoryPart: 22,
  invalid: 0xffff,
} as const;
export type XenstoreMessageType = ConstantOf<typeof XenstoreMessageType>;
export const xenstoreMessageTypeName = namesOf(XenstoreMessageType);

/** Names that an error reply may carry; a client takes any other for EINVAL. */
export const XENSTORE_ERRORS = [
  'EINVAL',
  'EACCES',
  'EEXIST',
  'EISDIR',
  'ENOENT',
  'ENOMEM',
  'ENOSPC',
  'EIO',
  'ENOTEMPTY',
  'ENOSYS',
  'EROFS',
  'EBUSY',
  'EAGAIN',
  'EISCONN',
  'E2BIG',
  'EPERM',
] as const;
export type XenstoreError = (typeof XENSTORE_ERRORS)[number];

/** Bytes. A path's length is without its NUL. */
export const XenstoreLimit = {
  ringSize: 1024,
  payloadMax: 4096,
  absPathMax: 3072,
  relPathMax: 2048,
} as const;

/** `XENSTORE_SERVER_FEATURE_*`: bits of `serverFeatures`. */
export const XenstoreServerFeature = { reconnection: 1, error: 2 } as const;

/** `XENSTORE_CONNECTED`, `XENSTORE_RECONNECT`. */
export const XenstoreConnection = { connected: 0, reconnect: 1 } as const;

/** `XENSTORE_ERROR_*`: why the connection was given up. */
export const XenstoreRingError = { none: 0, comm: 1, ringidx: 2, proto: 3 } as const;

/** In front of every message; a reply repeats type, reqId and txId. */
export const XenstoreHeader = struct('xsd_sockmsg', 16, {
  type: [0, u32], // XenstoreMessageType
  reqId: [4, u32],
  txId: [8, u32], // 0 outside a transaction
  len: [12, u32], // bytes that follow
});
export type XenstoreHeader = StructValue<typeof XenstoreHeader>;

/**
 * The ring page. Indices run freely, position = index mod 1024; the stream has no boundaries.
 * prod is published after the bytes, cons after they were copied out.
 */
export const XenstoreRing = struct('xenstore_domain_interface', 2076, {
  req: [0, bytes(1024)], // guest to xenstore
  rsp: [1024, bytes(1024)], // xenstore to guest
  reqCons: [2048, u32], // written by xenstore
  reqProd: [2052, u32], // written by the guest
  rspCons: [2056, u32], // written by the guest
  rspProd: [2060, u32], // written by xenstore
  serverFeatures: [2064, u32], // XenstoreServerFeature
  connection: [2068, u32], // XenstoreConnection
  error: [2072, u32], // XenstoreRingError
});
