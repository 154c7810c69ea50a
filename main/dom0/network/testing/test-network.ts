/** A switch with recording ports, and a clock that stands still until told. */
import { formatIpv4 } from '../address/ipv4-address.ts';
import type { Ipv4Address } from '../address/ipv4-address.ts';
import { NO_OFFLOAD } from '../offload/offload.ts';
import type { Offload } from '../offload/offload.ts';
import { NetworkSwitch } from '../switch/switch.ts';
import type { PortOptions, SwitchPort } from '../switch/port.ts';

export interface Delivered {
  frame: Uint8Array;
  offload: Offload;
  isForwarded: boolean;
}

export class TestPort {
  readonly port: SwitchPort;
  readonly delivered: Delivered[] = [];

  constructor(network: NetworkSwitch, options: Omit<PortOptions, 'deliver'>) {
    this.port = network.attach({
      ...options,
      deliver: (frame, offload, isForwarded) => {
        this.delivered.push({ frame: Uint8Array.from(frame), offload, isForwarded });
        return true;
      },
    });
  }

  send(frame: Uint8Array, offload: Offload = NO_OFFLOAD, isForwarded = false): void {
    this.port.receive(frame, offload, isForwarded);
  }

  /** What came since it was last asked. */
  take(): Uint8Array[] {
    return this.delivered.splice(0).map(({ frame }) => frame);
  }
}

export class TestNetwork {
  nowMs = 0;
  readonly network: NetworkSwitch;

  constructor(options: { mtu?: number; macEntries?: number } = {}) {
    const { mtu, macEntries } = options;
    this.network = new NetworkSwitch({
      now: () => this.nowMs,
      ...(mtu === undefined ? {} : { mtu }),
      ...(macEntries === undefined ? {} : { macTable: { entries: macEntries, ageingMs: 300_000 } }),
    });
  }

  guest(mac: number, address: Ipv4Address, options: Partial<PortOptions> = {}): TestPort {
    return new TestPort(this.network, {
      id: `guest-${mac.toString(16)}-${formatIpv4(address)}`,
      kind: 'guest',
      mac,
      rules: { addresses: [address] },
      ...options,
    });
  }

  uplink(id: string, options: Partial<PortOptions> = {}): TestPort {
    return new TestPort(this.network, { id, kind: 'uplink', mac: null, ...options });
  }
}
