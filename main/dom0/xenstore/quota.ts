import { RELATIVE_PATH_MAX_BYTES } from './wire.ts';

/** Limits of one guest, under Xen's names; 0 switches a limit off. They never bind domain 0. */
export interface QuotaLimits {
  /** Nodes owned. */
  nodes: number;
  /** Watches registered. */
  watches: number;
  /** Replies not yet taken by the guest; at the limit no further request is read. */
  outstanding: number;
  /** Bytes of nodes, watches, transactions and undelivered output. */
  memory: number;
  /** Transactions open. */
  transactions: number;
  /** Nodes accessed by one transaction. */
  'transaction-nodes': number;
  /** Entries of a permission list. */
  'node-permissions': number;
  /** Bytes of a path below the domain's home. */
  'path-max': number;
  /** Bytes of a node: value, permissions, list of children. */
  'node-size': number;
}

export type QuotaName = keyof QuotaLimits;

/** What each quota limits, in the words of `xenstore-control quota`. */
export const quotaDescriptions: Readonly<Record<QuotaName, string>> = {
  nodes: 'Nodes per domain',
  watches: 'Watches per domain',
  outstanding: 'Outstanding requests per domain',
  memory: 'Total Xenstore memory per domain',
  transactions: 'Active transactions per domain',
  'transaction-nodes': 'Max. number of accessed nodes per transaction',
  'node-permissions': 'Max. number of permissions per node',
  'path-max': 'Max. length of a node path',
  'node-size': 'Max. size of a node',
};

export const quotaNames = Object.keys(quotaDescriptions) as QuotaName[];

/** Xen's defaults (`quotas` in C xenstored). */
export const defaultQuota: Readonly<QuotaLimits> = {
  nodes: 1000,
  watches: 128,
  outstanding: 20,
  memory: 2.5 * 1024 * 1024,
  transactions: 10,
  'transaction-nodes': 1024,
  'node-permissions': 5,
  'path-max': RELATIVE_PATH_MAX_BYTES,
  'node-size': 2048,
};

/** What one domain uses now. */
export interface QuotaUsage {
  nodes: number;
  watches: number;
  outstanding: number;
  /** Bytes, see {@link QuotaLimits.memory}. */
  memory: number;
  transactions: number;
}

/** Whether `value` is beyond a limit. */
export function exceeds(limit: number, value: number): boolean {
  return limit > 0 && value > limit;
}

export function isQuotaName(name: string): name is QuotaName {
  return Object.hasOwn(quotaDescriptions, name);
}

/** Who uses how much, and may. */
export class Accounts {
  /** What new domains get. */
  readonly defaults: QuotaLimits = { ...defaultQuota };
  readonly #limits = new Map<number, QuotaLimits>();
  readonly #usage = new Map<number, QuotaUsage>();

  limits(domid: number): Readonly<QuotaLimits> {
    return this.#limits.get(domid) ?? this.defaults;
  }

  /** Gives a domain limits of its own: copies of the defaults, changed by `changes`. */
  setLimits(domid: number, changes: Partial<QuotaLimits>): void {
    this.#limits.set(domid, { ...this.limits(domid), ...changes });
  }

  usage(domid: number): QuotaUsage {
    let usage = this.#usage.get(domid);
    if (!usage) {
      usage = { nodes: 0, watches: 0, outstanding: 0, memory: 0, transactions: 0 };
      this.#usage.set(domid, usage);
    }
    return usage;
  }

  /** Drops a released domain's limits; what it still uses stays on the books. */
  forget(domid: number): void {
    this.#limits.delete(domid);
    const usage = this.#usage.get(domid);
    if (usage && Object.values(usage).every((value) => value === 0)) this.#usage.delete(domid);
  }

  domids(): Iterable<number> {
    return this.#usage.keys();
  }
}
