/** Gives addresses to MAC addresses: the same one to the same, for as long as there is room. */
import type { Ipv4Address } from '../address/ipv4-address.ts';
import type { MacAddress } from '../address/mac-address.ts';
import type { Lease, LeaseStore } from './lease.ts';

export interface AddressRange {
  readonly first: Ipv4Address;
  readonly last: Ipv4Address;
}

export class AddressPool {
  private readonly range: AddressRange;
  private readonly store: LeaseStore;
  private readonly nowMs: () => number;

  /** @param nowMs wall clock, since 1970 */
  constructor(range: AddressRange, store: LeaseStore, nowMs: () => number) {
    if (range.last < range.first) throw new RangeError('an address pool ends before it begins');
    this.range = range;
    this.store = store;
    this.nowMs = nowMs;
  }

  /**
   * The lease of a MAC address, made if there is none, for at least `forMs`. Null when the pool is
   * used up: only leases that have run out are given to others.
   */
  lease(mac: MacAddress, forMs: number): Lease | null {
    const known = this.store.ofMac(mac);
    const expiresMs = this.nowMs() + forMs;
    if (known) {
      if (known.expiresMs === null || known.expiresMs >= expiresMs) return known;
      return this.put({ ...known, expiresMs });
    }
    const address = this.findFree(mac) ?? this.findExpired();
    return address === null ? null : this.put({ mac, address, name: null, expiresMs });
  }

  private put(lease: Lease): Lease {
    this.store.put(lease);
    return lease;
  }

  /** Starts at a place that follows from the MAC address: a forgotten lease mostly comes back. */
  private findFree(mac: MacAddress): Ipv4Address | null {
    const size = this.range.last - this.range.first + 1;
    const start = (mac % 0x100_0000) % size;
    for (let step = 0; step < size; step++) {
      const address = this.range.first + ((start + step) % size);
      if (!this.store.ofAddress(address)) return address;
    }
    return null;
  }

  private findExpired(): Ipv4Address | null {
    let oldest: { address: Ipv4Address; expiresMs: number } | null = null;
    for (const { address, expiresMs } of this.store.all()) {
      const isOurs = address >= this.range.first && address <= this.range.last;
      if (!isOurs || expiresMs === null || expiresMs > this.nowMs()) continue;
      if (!oldest || expiresMs < oldest.expiresMs) oldest = { address, expiresMs };
    }
    return oldest?.address ?? null;
  }
}
