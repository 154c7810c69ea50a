/**
 * What a domain is besides its memory, as plain data: named fields, versioned, validated when it is
 * loaded. It goes into the migration stream and into snapshots.
 */
import type { AcpiPowerState } from './acpi-power.ts';
import type { EngineState } from './engine/engine.ts';
import type { EventChannelState } from './event-channels.ts';
import type { GrantFramesState } from './grant-frames.ts';
import type { PlatformDeviceState } from './platform-device.ts';
import type { SharedInfoState } from './shared-info.ts';
import type { VcpuState } from './vcpu.ts';

export const DOMAIN_STATE_VERSION = 1;

export interface DomainState {
  version: 1;
  engine: EngineState;
  shared: SharedInfoState;
  events: EventChannelState;
  grants: GrantFramesState;
  params: [number, string][];
  vcpu: VcpuState;
  platform: PlatformDeviceState;
  power: AcpiPowerState;
}
