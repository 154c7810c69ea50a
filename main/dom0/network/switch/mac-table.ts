/** Which port a MAC address was last seen at. Bounded as a whole and for each port. */
import type { MacAddress } from '../address/mac-address.ts';

interface Entry<Port> {
  port: Port;
  seenMs: number;
}

export interface MacTableLimits {
  readonly entries: number;
  /** Not seen for so long: forgotten (IEEE 802.1Q's default is 300 s). */
  readonly ageingMs: number;
}

export const DEFAULT_MAC_TABLE_LIMITS: MacTableLimits = { entries: 4096, ageingMs: 300_000 };

export class MacTable<Port> {
  private readonly limits: MacTableLimits;
  /** In the order in which they were last learned anew: the first is the oldest to go. */
  private readonly entries = new Map<MacAddress, Entry<Port>>();

  constructor(limits: MacTableLimits) {
    this.limits = limits;
  }

  get size(): number {
    return this.entries.size;
  }

  /** The last port wins, at once. When the table is full, the oldest entry goes. */
  learn(mac: MacAddress, port: Port, nowMs: number): void {
    const known = this.entries.get(mac);
    if (known) {
      known.port = port;
      known.seenMs = nowMs;
      return;
    }
    if (this.entries.size >= this.limits.entries) this.evict(nowMs);
    this.entries.set(mac, { port, seenMs: nowMs });
  }

  lookUp(mac: MacAddress, nowMs: number): Port | null {
    const entry = this.entries.get(mac);
    if (!entry) return null;
    if (nowMs - entry.seenMs <= this.limits.ageingMs) return entry.port;
    this.entries.delete(mac);
    return null;
  }

  forget(port: Port): void {
    for (const [mac, entry] of this.entries) {
      if (entry.port === port) this.entries.delete(mac);
    }
  }

  /** Second chance: entries seen lately go to the end once before one is dropped. */
  private evict(nowMs: number): void {
    const half = this.limits.ageingMs / 2;
    let chances = 8;
    for (const [mac, entry] of this.entries) {
      this.entries.delete(mac);
      if (nowMs - entry.seenMs > half || chances-- === 0) return;
      this.entries.set(mac, entry);
    }
  }
}
