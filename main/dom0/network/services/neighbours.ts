/**
 * Which MAC address an IPv4 address of the network has: what leases say, what was heard, and else
 * what ARP answers. Bounded, and without timers: a question is asked again when there is again
 * something to send.
 */
import type { Ipv4Address } from '../address/ipv4-address.ts';
import type { MacAddress } from '../address/mac-address.ts';
import type { Offload } from '../offload/offload.ts';

interface Known {
  mac: MacAddress;
  heardMs: number;
}

interface Waiting {
  frames: { frame: Uint8Array; offload: Offload }[];
  sinceMs: number;
  askedMs: number;
}

const KNOWN_MAX = 1024;
const KNOWN_FOR_MS = 300_000;
const WAITING_ADDRESSES_MAX = 64;
const WAITING_FRAMES_MAX = 16;
/** RFC 1122 section 2.3.2.1: an address is asked for at most once a second. */
const ASK_EVERY_MS = 1000;
const GIVE_UP_MS = 3000;

export interface NeighboursOptions {
  now: () => number;
  /** Sends an ARP request. */
  ask(address: Ipv4Address): void;
  /** What is known without asking. */
  leased(address: Ipv4Address): MacAddress | null;
}

export class Neighbours {
  private readonly options: NeighboursOptions;
  private readonly known = new Map<Ipv4Address, Known>();
  private readonly waiting = new Map<Ipv4Address, Waiting>();

  constructor(options: NeighboursOptions) {
    this.options = options;
  }

  /** @returns frames that waited for it */
  learn(address: Ipv4Address, mac: MacAddress): { frame: Uint8Array; offload: Offload }[] {
    if (this.known.size >= KNOWN_MAX && !this.known.has(address)) {
      const oldest = this.known.keys().next();
      if (oldest.done !== true) this.known.delete(oldest.value);
    }
    this.known.delete(address);
    this.known.set(address, { mac, heardMs: this.options.now() });
    const waiting = this.waiting.get(address);
    if (!waiting) return [];
    this.waiting.delete(address);
    return waiting.frames;
  }

  find(address: Ipv4Address): MacAddress | null {
    const leased = this.options.leased(address);
    if (leased !== null) return leased;
    const known = this.known.get(address);
    if (!known) return null;
    if (this.options.now() - known.heardMs <= KNOWN_FOR_MS) return known.mac;
    this.known.delete(address);
    return null;
  }

  /** Keeps the frame (it must not change any more) until the address is known. */
  wait(address: Ipv4Address, frame: Uint8Array, offload: Offload): void {
    const now = this.options.now();
    let waiting = this.waiting.get(address);
    if (!waiting || now - waiting.sinceMs > GIVE_UP_MS) {
      this.waiting.delete(address);
      if (this.waiting.size >= WAITING_ADDRESSES_MAX) this.dropOldest();
      waiting = { frames: [], sinceMs: now, askedMs: Number.NEGATIVE_INFINITY };
      this.waiting.set(address, waiting);
    }
    if (waiting.frames.length < WAITING_FRAMES_MAX) waiting.frames.push({ frame, offload });
    if (now - waiting.askedMs < ASK_EVERY_MS) return;
    waiting.askedMs = now;
    this.options.ask(address);
  }

  private dropOldest(): void {
    const oldest = this.waiting.keys().next();
    if (oldest.done !== true) this.waiting.delete(oldest.value);
  }
}
