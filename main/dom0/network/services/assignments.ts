/** Which interface of a network has which address: one for each MAC address, one for each address. */
import type { Ipv4Address } from '../address/ipv4-address.ts';
import type { MacAddress } from '../address/mac-address.ts';

/** An address that an interface has, and the name that others find it by. */
export interface Assignment {
  readonly mac: MacAddress;
  readonly address: Ipv4Address;
  /** In lower case: the domain's, not what the guest says of itself. */
  readonly name: string;
}

export class Assignments {
  private byMac = new Map<MacAddress, Assignment>();
  private byAddress = new Map<Ipv4Address, Assignment>();

  constructor(all: Iterable<Assignment> = []) {
    this.replace(all);
  }

  /** @returns addresses that nobody has any more, or another */
  replace(all: Iterable<Assignment>): Ipv4Address[] {
    const before = [...this.byMac.values()];
    this.byMac = new Map();
    this.byAddress = new Map();
    for (const assignment of all) {
      this.byMac.set(assignment.mac, assignment);
      this.byAddress.set(assignment.address, assignment);
    }
    return before
      .filter(({ address, mac }) => this.byAddress.get(address)?.mac !== mac)
      .map(({ address }) => address);
  }

  ofMac(mac: MacAddress): Assignment | null {
    return this.byMac.get(mac) ?? null;
  }

  ofAddress(address: Ipv4Address): Assignment | null {
    return this.byAddress.get(address) ?? null;
  }

  /** A domain may have several interfaces on a network. @param name in lower case */
  ofName(name: string): Assignment[] {
    return [...this.byMac.values()].filter((assignment) => assignment.name === name);
  }
}
