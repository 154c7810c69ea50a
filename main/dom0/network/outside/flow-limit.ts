import type { Ipv4Address } from '../address/ipv4-address.ts';

/** Counts what each guest has open, so that none uses up the machine's sockets. */
export class FlowLimit {
  private readonly perGuest: number;
  private readonly open = new Map<Ipv4Address, number>();

  constructor(perGuest: number) {
    this.perGuest = perGuest;
  }

  /** @returns false, and counts nothing, when the guest has its share */
  take(guest: Ipv4Address): boolean {
    const count = this.open.get(guest) ?? 0;
    if (count >= this.perGuest) return false;
    this.open.set(guest, count + 1);
    return true;
  }

  giveBack(guest: Ipv4Address): void {
    const count = (this.open.get(guest) ?? 0) - 1;
    if (count > 0) this.open.set(guest, count);
    else this.open.delete(guest);
  }
}
