import { privilegedCaller } from './caller.ts';
import {
  XenstoreConnection,
  type CloseReason,
  type ConnectionCounters,
  type XenstorePeer,
} from './connection.ts';
import { checkStore } from './consistency.ts';
import { exportDomain, type ExportOptions } from './domain-export.ts';
import { importDomain, type ImportOptions } from './domain-import.ts';
import type { DomainState } from './domain-state.ts';
import { DomainTable, type IntroduceHook } from './domain-table.ts';
import { XenstoreError } from './errno.ts';
import { GuestReads } from './guest-reads.ts';
import { LocalWatcher, type WatchListener } from './local-watcher.ts';
import { resolvePath } from './path.ts';
import { Accounts, type QuotaLimits, type QuotaUsage } from './quota.ts';
import { StoreAccess } from './store-access.ts';
import { StoreTree } from './store-tree.ts';
import { Transaction } from './transaction.ts';
import { NO_DEPTH_LIMIT, WatchRegistry } from './watch-registry.ts';

export interface XenstoreOptions {
  /** Takes text of `CONTROL print`, `check` and `memreport`. */
  readonly print?: (text: string) => void;
  /** Finds the ring of a domain that a client's INTRODUCE names; without it that is refused. */
  readonly attach?: IntroduceHook;
  /** Quotas of all guests that differ from Xen's defaults. */
  readonly quota?: Partial<QuotaLimits>;
}

/** What the store knows of a domain's use of it. */
export interface XenstoreDomainStats extends ConnectionCounters {
  readonly usage: Readonly<QuotaUsage>;
  readonly limits: Readonly<QuotaLimits>;
}

/** The engine of this program has then translated what an import runs through. */
const REHEARSALS = 3;

/**
 * The xenstore of one host. Guests and socket clients talk to it over byte streams; domain 0's
 * services in the same thread use its methods. Everything is synchronous: a request, or a
 * transaction of these methods, is never interleaved with another.
 */
export class XenstoreDaemon extends StoreAccess {
  readonly #tree: StoreTree;
  readonly #accounts: Accounts;
  readonly #watches: WatchRegistry;
  readonly #reads = new GuestReads();
  readonly #domains: DomainTable;
  readonly #clients = new Set<XenstoreConnection>();
  #closed = false;

  constructor(options: XenstoreOptions = {}) {
    const accounts = new Accounts();
    Object.assign(accounts.defaults, options.quota);
    const tree: StoreTree = new StoreTree(accounts, (...change) => watches.fire(...change));
    const watches = new WatchRegistry(accounts, (path) => tree.get(path));
    super(tree, privilegedCaller());
    this.#accounts = accounts;
    this.#tree = tree;
    this.#watches = watches;
    const print = options.print ?? (() => undefined);
    const reads = this.#reads;
    this.#domains = new DomainTable({ accounts, tree, watches, reads, print }, options.attach);
  }

  /**
   * Connects a domain, whose ring is served by `peer`; fires `@introduceDomain`. A domain that is
   * connected gets a fresh connection instead: its watches and transactions are gone.
   */
  introduce(domid: number, peer: XenstorePeer): XenstoreConnection {
    this.#demandOpen('introduce', domid);
    return this.#domains.connect(domid, peer);
  }

  /**
   * Disconnects a domain, removes the nodes it owns, and fires `@releaseDomain`. What domain 0 owns,
   * its home directory above all, stays until removed with `rm`.
   *
   * @returns whether it was connected
   */
  release(domid: number): boolean {
    this.#reads.forget(domid);
    return this.#domains.release(domid) === 'OK';
  }

  /** A domain shut down, crashed or suspended: fires `@releaseDomain`, once until resumed. */
  domainShutDown(domid: number): void {
    this.#domains.shutDown(domid);
  }

  /** A domain that was shut down or suspended runs again. */
  domainResumed(domid: number): void {
    this.#domains.resume(domid);
  }

  isIntroduced(domid: number): boolean {
    return this.#domains.isIntroduced(domid);
  }

  /** Feature bits to offer on a domain's ring (`SET_FEATURE` may have taken some away). */
  features(domid: number): number {
    return this.#domains.features(domid);
  }

  /** Gives one domain rights over the nodes of another: a device model its guest's. */
  setTarget(domid: number, target: number): void {
    const outcome = this.#domains.setTarget(domid, target);
    if (outcome !== 'OK')
      throw new XenstoreError(outcome, 'set the target of domain', String(domid));
  }

  /** Connects a client with domain 0's rights: a socket. Close it with the peer. */
  connectClient(peer: XenstorePeer): XenstoreConnection {
    this.#demandOpen('connect a client as domain', 0);
    const closed = (reason: CloseReason): void => {
      this.#clients.delete(connection);
      peer.closed?.(reason);
    };
    const connection: XenstoreConnection = new XenstoreConnection(
      this.#domains.services,
      privilegedCaller(),
      { send: (bytes) => peer.send(bytes), ready: () => peer.ready?.(), closed },
    );
    this.#clients.add(connection);
    return connection;
  }

  /** Clients connected with domain 0's rights. */
  get clientCount(): number {
    return this.#clients.size;
  }

  /**
   * Watches a path and everything below, or `@introduceDomain`, `@releaseDomain`. The listener is
   * called soon, once with the path itself, and after each change with the path that changed.
   *
   * @param depth how many levels below the path count; all if absent
   * @returns ends the watch; nothing is delivered after it
   */
  watch(path: string, listener: WatchListener, depth?: number): () => void {
    const watcher = new LocalWatcher(listener);
    const absolute = resolvePath(path, watcher.caller, 0, true);
    if (absolute === undefined || absolute !== path) {
      throw new XenstoreError('EINVAL', 'watch', JSON.stringify(path));
    }
    const watch = { watcher, path, token: '', depth: depth ?? NO_DEPTH_LIMIT, prefixLength: 0 };
    this.#watches.add(watch);
    this.#watches.fireFirst(watch);
    return () => {
      this.#watches.removeAll(watcher);
      watcher.dispose();
    };
  }

  /**
   * Makes several changes as one: watchers hear of them when all are done, and none is made if
   * `change` throws. It must not be asynchronous, and it must use its argument only.
   */
  transaction<Result>(change: (store: StoreAccess) => Result): Result {
    const transaction = new Transaction(this.#tree, privilegedCaller(), 0);
    try {
      const result = change(new StoreAccess(transaction, transaction.caller));
      const outcome = transaction.commit();
      if (outcome !== 'OK') {
        throw new XenstoreError(
          outcome,
          'commit a transaction on',
          '/',
          'it changed the store directly',
        );
      }
      return result;
    } finally {
      transaction.dispose();
    }
  }

  /** Settles when the domain has read that node once more; one waits for it at a time. */
  nextRead(domid: number, path: string): Promise<void> {
    return this.#reads.next(domid, path);
  }

  /** What a connected domain uses and has done. */
  stats(domid: number): XenstoreDomainStats | undefined {
    const connection = this.#domains.connection(domid);
    if (!connection) return undefined;
    return {
      ...connection.counters,
      usage: { ...this.#accounts.usage(domid) },
      limits: { ...this.#accounts.limits(domid) },
    };
  }

  /** Changes quotas of one domain; 0 switches one off. */
  setQuota(domid: number, changes: Partial<QuotaLimits>): void {
    this.#accounts.setLimits(domid, changes);
  }

  /** The store's invariants that do not hold, in words; none if it is sound. */
  check(): string[] {
    return checkStore(this.#tree);
  }

  /** A domain's nodes and connection as plain data; see `domain-export.ts`. */
  exportDomain(domid: number, options: ExportOptions = {}): DomainState {
    return exportDomain(this.#domains.services, this.#domains, domid, options);
  }

  /** Puts a saved domain into this store and connects it; see `domain-import.ts`. */
  importDomain(
    state: unknown,
    peer: XenstorePeer,
    options: ImportOptions = {},
  ): XenstoreConnection {
    this.#demandOpen('import a domain into', 0);
    return importDomain(this.#domains.services, this.#domains, state, peer, options);
  }

  /**
   * Tries an import in a store of its own, so that it fails before it matters; and more than once, so
   * that it is quick when a domain stands still for it.
   *
   * @throws as {@link importDomain}
   */
  rehearseImport(state: unknown): void {
    for (let time = 0; time < REHEARSALS; time++) {
      const store = new XenstoreDaemon();
      store.importDomain(state, { send: () => true });
      store.close();
    }
  }

  /** Ends all connections. */
  close(): void {
    this.#closed = true;
    for (const client of [...this.#clients]) client.close('shutdown');
    for (const domid of [...this.#domains.domids()]) {
      this.#domains.connection(domid)?.close('shutdown');
    }
  }

  #demandOpen(operation: string, domid: number): void {
    if (this.#closed)
      throw new XenstoreError('EIO', operation, String(domid), 'the store is closed');
  }
}
