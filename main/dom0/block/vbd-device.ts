/**
 * A virtual block device in xenstore, as `xl` writes it (xen-public `io/blkif.h`), and what its
 * front end says of its rings.
 */
import { BLKIF_PROTOCOL_X86_32, VdiskInfo } from '../../hypervisor/index.ts';
import type { DeviceDefinition, DeviceNodes } from '../xenbus/device-definition.ts';
import type { FrontendNodes } from '../xenbus/frontend-nodes.ts';
import { MAX_INDIRECT_SEGMENTS } from './block-request.ts';

/** Pages of a ring, as a power of two. */
const MAX_RING_PAGE_ORDER = 4;
export const MOST_RING_PAGES: number = 2 ** MAX_RING_PAGE_ORDER;
const SECTOR_BYTES = 512;

export interface VbdConfig {
  /** `xvda`. */
  name: string;
  bytes: number;
  readOnly: boolean;
  /** The back end forgets what the guest discards. */
  discard: boolean;
}

const NAME = /^xvd([a-z]{1,2})$/;
const LETTERS = 26;

/**
 * `xvda` is 202 << 8, `xvdb` 202 << 8 | 16 …; from the seventeenth on the extended numbers.
 * Null for a name that is none.
 */
export function vbdNumber(name: string): number | null {
  const letters = NAME.exec(name)?.[1];
  if (!letters) return null;
  const disk =
    [...letters].reduce((sum, letter) => sum * LETTERS + letter.charCodeAt(0) - 96, 0) - 1;
  return disk < 16 ? (202 << 8) | (disk << 4) : (1 << 28) | (disk << 8);
}

/** @throws RangeError for a name that is none */
export function vbdDevice(config: VbdConfig): DeviceDefinition {
  const number = vbdNumber(config.name);
  if (number === null) throw new RangeError(`"${config.name}" is no block device of a guest's`);
  return {
    kind: 'vbd',
    number,
    frontend: { 'virtual-device': number, 'device-type': 'disk', trusted: 1 },
    backend: {
      removable: 0,
      bootable: 1,
      dev: config.name,
      type: 'qdisk',
      mode: config.readOnly ? 'r' : 'w',
      'device-type': 'disk',
      'discard-enable': Number(config.discard),
      specification: 'xen',
    },
    features: {
      'feature-max-indirect-segments': MAX_INDIRECT_SEGMENTS,
      'max-ring-page-order': MAX_RING_PAGE_ORDER,
    },
  };
}

/** What the back end says when it connects. */
export function vbdProperties(config: VbdConfig): DeviceNodes {
  return {
    ...vbdSize(config.bytes),
    info: config.readOnly ? VdiskInfo.readonly : 0,
    'sector-size': SECTOR_BYTES,
    'physical-sector-size': SECTOR_BYTES,
    'feature-flush-cache': 1,
    'feature-barrier': 0,
    'feature-discard': Number(config.discard && !config.readOnly),
    'discard-granularity': SECTOR_BYTES,
    'discard-alignment': 0,
    'discard-secure': 0,
  };
}

export function vbdSize(bytes: number): DeviceNodes {
  return { sectors: Math.floor(bytes / SECTOR_BYTES) };
}

export interface VbdRings {
  ringRefs: number[];
  port: number;
}

/** @throws DomusError `device.bad-front-end` */
export function vbdRings(front: FrontendNodes): VbdRings {
  const protocol = front.text('protocol');
  if (protocol !== undefined && protocol !== BLKIF_PROTOCOL_X86_32) {
    throw front.bad(`it speaks "${protocol.slice(0, 40)}", not ${BLKIF_PROTOCOL_X86_32}`);
  }
  const port = front.number('event-channel');
  if (!front.has('ring-page-order')) return { ringRefs: [front.number('ring-ref')], port };
  const order = front.number('ring-page-order');
  if (order > MAX_RING_PAGE_ORDER) {
    throw front.bad(`a ring of 2^${order} pages, of 2^${MAX_RING_PAGE_ORDER} at most`);
  }
  const pages = Array.from({ length: 1 << order }, (_, page) => front.number(`ring-ref${page}`));
  return { ringRefs: pages, port };
}
