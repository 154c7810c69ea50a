/** Why a frame went no further. */
export const dropReasons = [
  'malformed',
  'too-long',
  'spoofed-mac',
  'spoofed-address',
  'protocol',
  'rogue-dhcp',
  'rule',
  'rate',
  'storm',
  'link-down',
  'receiver-full',
  'offload',
  'no-port',
] as const;
export type DropReason = (typeof dropReasons)[number];

/** All from the interface's point of view: sent is what its guest sent. */
export interface PortCounters {
  sentFrames: number;
  sentBytes: number;
  receivedFrames: number;
  receivedBytes: number;
  /** Frames that the interface sent and the switch refused. */
  readonly sendDrops: Record<DropReason, number>;
  /** Frames for the interface that it did not get. */
  readonly receiveDrops: Record<DropReason, number>;
}

export function newCounters(): PortCounters {
  return {
    sentFrames: 0,
    sentBytes: 0,
    receivedFrames: 0,
    receivedBytes: 0,
    sendDrops: noDrops(),
    receiveDrops: noDrops(),
  };
}

function noDrops(): Record<DropReason, number> {
  return Object.fromEntries(dropReasons.map((reason) => [reason, 0])) as Record<DropReason, number>;
}
