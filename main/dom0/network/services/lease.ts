import type { Ipv4Address } from '../address/ipv4-address.ts';
import type { MacAddress } from '../address/mac-address.ts';

/** An address of a guest, and the name that others find it by. Plain data, to be stored. */
export interface Lease {
  readonly mac: MacAddress;
  readonly address: Ipv4Address;
  /** In lower case: the domain's, not what the guest says of itself. */
  readonly name: string | null;
  /** Milliseconds since 1970; null: assigned for good. */
  readonly expiresMs: number | null;
}

/** Where the leases of one network are kept: one for each MAC address, one for each address. */
export interface LeaseStore {
  ofMac(mac: MacAddress): Lease | null;
  ofAddress(address: Ipv4Address): Lease | null;
  /** In lower case. */
  ofName(name: string): Lease | null;
  /** Replaces what has the same MAC address or the same address. */
  put(lease: Lease): void;
  all(): Iterable<Lease>;
}

/** Leases in memory; the owner saves them as it is told of changes. */
export class LeaseTable implements LeaseStore {
  private readonly byMac = new Map<MacAddress, Lease>();
  private readonly byAddress = new Map<Ipv4Address, Lease>();
  private readonly changed: (lease: Lease) => void;

  constructor(leases: Iterable<Lease> = [], changed: (lease: Lease) => void = () => undefined) {
    this.changed = changed;
    for (const lease of leases) this.insert(lease);
  }

  ofMac(mac: MacAddress): Lease | null {
    return this.byMac.get(mac) ?? null;
  }

  ofAddress(address: Ipv4Address): Lease | null {
    return this.byAddress.get(address) ?? null;
  }

  ofName(name: string): Lease | null {
    for (const lease of this.byMac.values()) if (lease.name === name) return lease;
    return null;
  }

  put(lease: Lease): void {
    this.insert(lease);
    this.changed(lease);
  }

  remove(mac: MacAddress): void {
    const lease = this.byMac.get(mac);
    if (!lease) return;
    this.byMac.delete(mac);
    this.byAddress.delete(lease.address);
  }

  all(): Iterable<Lease> {
    return this.byMac.values();
  }

  private insert(lease: Lease): void {
    this.remove(lease.mac);
    const other = this.byAddress.get(lease.address);
    if (other) this.remove(other.mac);
    this.byMac.set(lease.mac, lease);
    this.byAddress.set(lease.address, lease);
  }
}
