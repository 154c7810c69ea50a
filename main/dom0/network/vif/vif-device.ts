/**
 * A virtual network interface in xenstore, as `xl` writes it (xen-public `io/netif.h`), and what its
 * front end says of its rings and abilities.
 */
import type { DeviceDefinition } from '../../xenbus/device-definition.ts';
import type { FrontendNodes } from '../../xenbus/frontend-nodes.ts';
import type { OffloadAbility } from '../offload/offload.ts';

export interface VifConfig {
  /** 0, 1, 2 …: `eth0`, `eth1` … in a guest with no other interfaces. */
  handle: number;
  /** `00:16:3e:xx:xx:xx` */
  mac: string;
  mtu: number;
  /** The network's name. */
  bridge: string;
}

export function vifDevice({ handle, mac, mtu, bridge }: VifConfig): DeviceDefinition {
  return {
    kind: 'vif',
    number: handle,
    frontend: { handle, mac, trusted: 1 },
    frontendReadOnly: { mtu },
    backend: { handle, mac, bridge, mtu, type: 'vif', script: '', 'hotplug-status': 'connected' },
    features: {
      'feature-rx-copy': 1,
      'feature-rx-flip': 0,
      'feature-sg': 1,
      'feature-gso-tcpv4': 1,
      'feature-gso-tcpv6': 0,
      'feature-ipv6-csum-offload': 0,
      'feature-split-event-channels': 1,
    },
  };
}

export interface VifRings {
  txRef: number;
  rxRef: number;
  /** The same number twice where the front end has one port for both. */
  txPort: number;
  rxPort: number;
  /** What the guest takes. */
  ability: OffloadAbility;
}

/** @throws DomusError `device.bad-front-end` */
export function vifRings(front: FrontendNodes): VifRings {
  if (!front.flag('request-rx-copy')) throw front.bad('it wants its pages flipped, not copied');
  const isSplit = front.has('event-channel-tx');
  const txPort = front.number(isSplit ? 'event-channel-tx' : 'event-channel');
  return {
    txRef: front.number('tx-ring-ref'),
    rxRef: front.number('rx-ring-ref'),
    txPort,
    rxPort: isSplit ? front.number('event-channel-rx') : txPort,
    ability: {
      checksumPartial: !front.flag('feature-no-csum-offload'),
      segmentation: front.flag('feature-sg') && front.flag('feature-gso-tcpv4'),
    },
  };
}
