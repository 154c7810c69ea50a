import { XsRing } from '../wire.ts';

/** The guest's side of a ring page, as a kernel's xenbus driver works it. */
export class GuestRing {
  readonly #page: Uint8Array;
  readonly #words: DataView;

  constructor(page: Uint8Array) {
    this.#page = page;
    this.#words = new DataView(page.buffer, page.byteOffset, page.length);
  }

  /** Writes requests as far as there is room; returns how many bytes. */
  write(bytes: Uint8Array): number {
    const producer = this.#word(XsRing.reqProd);
    const used = (producer - this.#word(XsRing.reqCons)) >>> 0;
    const length = Math.min(bytes.length, XsRing.ringSize - used);
    for (let i = 0; i < length; i++) {
      this.#page[XsRing.req + ((producer + i) & (XsRing.ringSize - 1))] = bytes[i] ?? 0;
    }
    this.#words.setUint32(XsRing.reqProd, (producer + length) >>> 0, true);
    return length;
  }

  /** Reads at most `limit` bytes of responses. */
  read(limit: number): Uint8Array {
    const consumer = this.#word(XsRing.rspCons);
    const used = (this.#word(XsRing.rspProd) - consumer) >>> 0;
    const bytes = new Uint8Array(Math.min(limit, used));
    for (let i = 0; i < bytes.length; i++) {
      bytes[i] = this.#page[XsRing.rsp + ((consumer + i) & (XsRing.ringSize - 1))] ?? 0;
    }
    this.#words.setUint32(XsRing.rspCons, (consumer + bytes.length) >>> 0, true);
    return bytes;
  }

  #word(offset: number): number {
    return this.#words.getUint32(offset, true);
  }
}
