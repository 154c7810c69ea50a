/** What front ends by hand have in common: a machine that grants its pages, and a port to be told by. */
import { GrantFlag, PAGE_SIZE, SharedRing } from '../../../hypervisor/index.ts';
import type { BackendPort, GrantMapping } from '../../../hypervisor/index.ts';
import type { Machine } from '../../../hypervisor/testing/machine.ts';

/** References from here on are of single pages from `DATA_GFN` on. */
export const DATA_REF = 16;
export const DATA_GFN = 0x210;
export const DATA_PAGES = 64;

/** A shared ring, in a page of its own. */
export interface RingPage {
  readonly gfn: number;
  readonly ref: number;
}

export class FrontByHand {
  readonly machine: Machine;
  /** What the back end found wrong. */
  readonly faults: string[] = [];
  notified = 0;
  protected readonly port: BackendPort = {
    port: 5 as BackendPort['port'],
    notify: () => void this.notified++,
    close: () => undefined,
  };

  protected constructor(machine: Machine, rings: readonly RingPage[]) {
    this.machine = machine;
    const { domain } = machine;
    domain.grants.place(0, domain.layout.bar1 / PAGE_SIZE);
    for (const ring of rings) {
      this.grant(ring.ref, ring.gfn);
      this.setRingWord(ring, 'reqEvent', 1);
      this.setRingWord(ring, 'rspEvent', 1);
    }
    for (let page = 0; page < DATA_PAGES; page++) this.grant(DATA_REF + page, DATA_GFN + page);
  }

  grant(ref: number, gfn: number, flags: number = GrantFlag.permitAccess, domid = 0): void {
    const at = this.machine.domain.layout.bar1 + ref * 8;
    this.machine.setWord(at, flags | (domid << 16));
    this.machine.setWord(at + 4, gfn);
  }

  /** The flags of a reference's entry. */
  flags(ref: number): number {
    return this.machine.word(this.machine.domain.layout.bar1 + ref * 8) & 0xffff;
  }

  page(gfn: number): Uint8Array {
    return this.machine.domain.memory.page(gfn);
  }

  protected mapped({ ref }: RingPage): GrantMapping {
    return this.machine.domain.grants.map(ref, 0, true) as GrantMapping;
  }

  protected viewOf({ gfn }: RingPage): DataView {
    const ring = this.page(gfn);
    return new DataView(ring.buffer, ring.byteOffset, PAGE_SIZE);
  }

  protected setRingWord(
    { gfn }: RingPage,
    name: keyof typeof SharedRing.offset,
    value: number,
  ): void {
    this.machine.setWord(gfn * PAGE_SIZE + SharedRing.offset[name], value >>> 0);
  }
}
