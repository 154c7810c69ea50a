/** Disks: formats, the ring between a domain's thread and an I/O worker, and the service itself. */
export { SECTOR_BYTES } from './disk-image.ts';
export type { DiskImage, Done } from './disk-image.ts';
export { diskError } from './disk-error.ts';
export type { DiskErrorCode } from './disk-error.ts';
export { MAX_INDIRECT_SEGMENTS } from './block-request.ts';
export { openDisk } from './open-disk.ts';
export { createQcow2, describeQcow2 } from './qcow2/create.ts';
export type { NewQcow2, Qcow2Description } from './qcow2/create.ts';
export { DiskClient } from './ring/disk-client.ts';
export type { DiskBuffer, DiskDone } from './ring/disk-client.ts';
export { createDiskRing, DiskCounter, diskCounters, DiskStatus } from './ring/disk-ring.abi.ts';
export type { MirrorProgress } from './mirror/disk-mirror.ts';
export { DiskServer } from './service/disk-server.ts';
export type {
  CopyDisk,
  DiskDescription,
  DiskFile,
  DiskJobCalls,
  DiskMirrorCalls,
  DiskServiceCalls,
  DiskServiceEvents,
  DiskSource,
  NewDiskFile,
  OpenDisk,
  OpenedDisk,
} from './service/disk-service.contract.ts';
export { VbdBackend } from './vbd-backend.ts';
export type { VbdBackendOptions } from './vbd-backend.ts';
export {
  MOST_RING_PAGES,
  vbdDevice,
  vbdNumber,
  vbdProperties,
  vbdRings,
  vbdSize,
} from './vbd-device.ts';
export type { VbdConfig, VbdRings } from './vbd-device.ts';
