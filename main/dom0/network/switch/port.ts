import type { Ipv4Address } from '../address/ipv4-address.ts';
import type { MacAddress } from '../address/mac-address.ts';
import { NO_ABILITY } from '../offload/offload.ts';
import type { Offload, OffloadAbility } from '../offload/offload.ts';
import { ALLOW_ALL } from './access-rule.ts';
import type { AccessList } from './access-rule.ts';
import { newCounters } from './port-counters.ts';
import type { PortCounters } from './port-counters.ts';
import { TokenBucket } from './token-bucket.ts';
import type { RateLimit } from './token-bucket.ts';

/**
 * `guest`: a vif, trusted in nothing. `service`: the network's gateway. `uplink`: the same network's
 * switch in another worker, which has guarded its own guests.
 */
export type PortKind = 'guest' | 'service' | 'uplink';

/**
 * Takes a frame; the view is valid during the call only.
 *
 * @param isForwarded after a guest that departed: its sender is not where it comes from
 * @returns false when there was no room for it
 */
export type Deliver = (frame: Uint8Array, offload: Offload, isForwarded: boolean) => boolean;

/** A switch's own entrance. */
type Take = (port: SwitchPort, frame: Uint8Array, offload: Offload, isForwarded: boolean) => void;

/** Sees what an interface sends and gets; the view is valid during the call only. */
export type FrameTap = (
  frame: Uint8Array,
  offload: Offload,
  direction: 'sent' | 'received',
) => void;

/** What may change while a port is attached. Absent: unlimited, nothing assigned, all allowed. */
export interface PortRules {
  /** Addresses that a guest may send from; with {@link snoopsLeases} those it is leased, too. */
  readonly addresses?: readonly Ipv4Address[];
  /** An address granted by DHCP through this switch is allowed from then on. Default: true. */
  readonly snoopsLeases?: boolean;
  readonly access?: AccessList;
  /** Bytes a second from the guest. */
  readonly sendLimit?: RateLimit;
  /** Bytes a second to the guest. */
  readonly receiveLimit?: RateLimit;
  /** Broadcasts, multicasts and unknown destinations a second. */
  readonly stormLimit?: RateLimit;
}

export interface PortOptions {
  /** Unique in the switch. */
  readonly id: string;
  readonly kind: PortKind;
  /** Of guests and services; null for uplinks, behind which there are many. */
  readonly mac: MacAddress | null;
  readonly deliver: Deliver;
  /** What `deliver` takes. Default: whole frames with whole checksums. */
  readonly ability?: OffloadAbility;
  readonly rules?: PortRules;
  /** Counts that go on; default: new ones. */
  readonly counters?: PortCounters;
}

export const DEFAULT_STORM_LIMIT: RateLimit = { rate: 500, burst: 1000 };

/** The switch's end of a cable. */
export class SwitchPort {
  readonly id: string;
  readonly kind: PortKind;
  readonly mac: MacAddress | null;
  readonly deliver: Deliver;
  readonly ability: OffloadAbility;
  readonly counters: PortCounters;
  /** While false nothing passes either way. */
  linkUp = true;
  tap: FrameTap | null = null;
  access: AccessList = ALLOW_ALL;
  snoopsLeases = true;
  sendBucket: TokenBucket | null = null;
  receiveBucket: TokenBucket | null = null;
  stormBucket: TokenBucket | null = null;
  private assigned: ReadonlySet<Ipv4Address> = new Set();
  private allowed: ReadonlySet<Ipv4Address> = new Set();
  private leased: Ipv4Address | null = null;
  private readonly take: Take;
  private readonly now: () => number;

  constructor(options: PortOptions, take: Take, now: () => number) {
    this.id = options.id;
    this.kind = options.kind;
    this.mac = options.mac;
    this.deliver = options.deliver;
    this.ability = options.ability ?? NO_ABILITY;
    this.counters = options.counters ?? newCounters();
    this.take = take;
    this.now = now;
    this.configure(options.rules ?? {});
  }

  /**
   * A frame from the port's owner; the view is read during the call only.
   *
   * @param isForwarded by another switch, after a guest that departed
   */
  receive(frame: Uint8Array, offload: Offload, isForwarded = false): void {
    this.take(this, frame, offload, isForwarded);
  }

  /**
   * How long the owner should wait before it sends more: beyond its rate, frames are dropped. A
   * back end leaves them in the guest's ring instead.
   */
  get sendWaitMs(): number {
    return this.sendBucket?.waitMs(this.now()) ?? 0;
  }

  /** Replaces all rules; a lease that was snooped stays. */
  configure(rules: PortRules): void {
    const bucket = (limit: RateLimit | undefined): TokenBucket | null =>
      limit ? new TokenBucket(limit, this.now()) : null;
    this.access = rules.access ?? ALLOW_ALL;
    this.snoopsLeases = rules.snoopsLeases ?? true;
    this.sendBucket = bucket(rules.sendLimit);
    this.receiveBucket = bucket(rules.receiveLimit);
    this.stormBucket =
      this.kind === 'guest' ? bucket(rules.stormLimit ?? DEFAULT_STORM_LIMIT) : null;
    this.assigned = new Set(rules.addresses);
    if (!this.snoopsLeases) this.leased = null;
    this.updateAllowed();
  }

  /** Addresses that the guest may send from. */
  get addresses(): ReadonlySet<Ipv4Address> {
    return this.allowed;
  }

  /** DHCP granted this address to the guest, in place of an earlier one. */
  grant(address: Ipv4Address): void {
    this.leased = address;
    this.updateAllowed();
  }

  private updateAllowed(): void {
    const { assigned, leased } = this;
    this.allowed = leased === null ? assigned : new Set([...assigned, leased]);
  }
}
