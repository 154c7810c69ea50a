/** Tells the gateways who has which address and name, whenever that changes, and hears who took his. */
import type { AssignedAddress } from '../control/gateway.contract.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { NetworkDefinition } from '../store/network-table.ts';
import type { GatewayLink } from './gateway-link.ts';

export interface AddressDeskOptions {
  networks(): NetworkDefinition[];
  /** Those that are not deleted. */
  domains(): ManagedDomain[];
  log(level: 'warning', message: string): void;
}

export class AddressDesk {
  private readonly options: AddressDeskOptions;
  private gateways: GatewayLink | null = null;
  /** What each network's gateway was told last. */
  private told = new Map<string, string>();
  private readonly expected = new Map<string, PromiseWithResolvers<void>>();
  private isDue = false;

  constructor(options: AddressDeskOptions) {
    this.options = options;
  }

  gatewaysUp(gateways: GatewayLink): void {
    this.gateways = gateways;
    this.told.clear();
    this.tell(gateways);
  }

  gatewaysDown(): void {
    this.gateways = null;
  }

  /** A domain came, went, or is another than it was: once for all that changes now. */
  changed(): void {
    if (this.isDue) return;
    this.isDue = true;
    queueMicrotask(() => {
      this.isDue = false;
      if (this.gateways) this.tell(this.gateways);
    });
  }

  /** Settles when the guest that has this MAC address has asked for its address, from now on. */
  expect(mac: string): Promise<void> {
    const expected = this.expected.get(mac) ?? Promise.withResolvers<void>();
    this.expected.set(mac, expected);
    return expected.promise;
  }

  taken(mac: string): void {
    this.expected.get(mac)?.resolve();
    this.expected.delete(mac);
  }

  private tell(gateways: GatewayLink): void {
    const all = this.addresses();
    for (const name of this.told.keys()) if (!all.has(name)) this.told.delete(name);
    for (const [name, addresses] of all) {
      const text = JSON.stringify(addresses);
      if (this.told.get(name) === text) continue;
      this.told.set(name, text);
      gateways.call('gateway.assign', { name, addresses }).catch((error: unknown) => {
        if (this.gateways !== gateways) return;
        this.told.delete(name);
        this.options.log('warning', `the addresses of ${name} were not told: ${String(error)}`);
      });
    }
  }

  /** By network. */
  private addresses(): Map<string, AssignedAddress[]> {
    const found = new Map<string, AssignedAddress[]>(
      this.options.networks().map(({ name }) => [name, []]),
    );
    for (const { name, definition } of this.options.domains()) {
      for (const { network, mac, address } of definition.interfaces) {
        found.get(network)?.push({ mac, address, name });
      }
    }
    return found;
  }
}
