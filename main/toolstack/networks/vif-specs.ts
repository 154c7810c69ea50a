/** An interface's definition, as a host's worker is told it. */
import { createFrameRing } from '../../../shared/ring/frame-ring.ts';
import type { VifRules, VifSpec } from '../control/host.contract.ts';
import type { InterfaceDefinition } from '../store/interface-table.ts';
import type { NetworkDefinition } from '../store/network-table.ts';

/** Eight of the largest frames that a guest hands over uncut. */
const RING_BYTES = 512 * 1024;

export function vifRules(definition: InterfaceDefinition): VifRules {
  const { address, linkUp, sendLimitBytesPerSecond, receiveLimitBytesPerSecond, access } =
    definition;
  return {
    addresses: [address],
    linkUp,
    sendLimitBytesPerSecond,
    receiveLimitBytesPerSecond,
    access,
  };
}

/** For a life that begins. */
export function newVif(definition: InterfaceDefinition, { mtu }: NetworkDefinition): VifSpec {
  const { handle, mac, network } = definition;
  return { handle, mac, mtu, network, ...vifRules(definition), ...newRings() };
}

/** For a life that goes on elsewhere. */
export function withNewRings(vifs: readonly VifSpec[]): VifSpec[] {
  return vifs.map((vif) => ({ ...vif, ...newRings() }));
}

function newRings(): Pick<VifSpec, 'sent' | 'received'> {
  return { sent: createFrameRing(RING_BYTES), received: createFrameRing(RING_BYTES) };
}
