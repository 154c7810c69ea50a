/** The public face of xenstore. */
export { ByteQueue } from './byte-queue.ts';
export { DOM0, domainHome } from './caller.ts';
export { encodeMessage, MessageReader, type XenstoreMessage } from './codec.ts';
export {
  XenstoreConnection,
  type CloseReason,
  type ConnectionCounters,
  type XenstorePeer,
} from './connection.ts';
export { XenstoreDaemon, type XenstoreDomainStats, type XenstoreOptions } from './daemon.ts';
export type { ExportOptions } from './domain-export.ts';
export type { ImportOptions } from './domain-import.ts';
export {
  backendTrees,
  directoryEntries,
  dom0Skeleton,
  domainSkeleton,
  domainTrees,
  type DomainSkeleton,
  type RingLocation,
} from './domain-skeleton.ts';
export { parseDomainState, type DomainState } from './domain-state.ts';
export type { IntroduceHook } from './domain-table.ts';
export { XenstoreError, type Errno } from './errno.ts';
export type { WatchListener } from './local-watcher.ts';
export type { NewIdentity } from './new-identity.ts';
export type { ByteSink } from './outbox.ts';
export { INTRODUCE_DOMAIN, RELEASE_DOMAIN } from './path.ts';
export { defaultQuota, type QuotaLimits, type QuotaUsage } from './quota.ts';
export { XenstoreRing, type RingPeer, type RingService } from './ring.ts';
export {
  XenstoreSocketError,
  XenstoreSocketServer,
  type SocketErrorCode,
} from './socket-server.ts';
export { StoreAccess, type PermissionList, type StoreEntry } from './store-access.ts';
export { XsFeature, XsRingError, XsType } from './wire.ts';
export { RelayEnd, relayPeer, REQUEST_RING_BYTES, RESPONSE_RING_BYTES } from './ring-relay.ts';
