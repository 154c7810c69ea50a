import type { Caller } from './caller.ts';
import type { Errno, Outcome } from './errno.ts';
import { NO_GENERATION, type StoreNode } from './node.ts';
import { NodeSpace, type ChangeScope } from './node-space.ts';
import type { Permissions } from './permissions.ts';
import { exceeds } from './quota.ts';
import type { StoreTree } from './store-tree.ts';

/** What a transaction knows of one node it looked for. */
export interface AccessedNode {
  /** Generation of the live node when first accessed; {@link NO_GENERATION} if there was none. */
  readonly generation: number;
  /** Permissions of the live node when first accessed. */
  readonly permsBefore: Permissions | undefined;
  /** The node as the transaction has it; `undefined` if it does not exist for it. */
  node: StoreNode | undefined;
  changed: boolean;
}

/** A change to be announced when the transaction is committed. */
export interface PendingChange {
  readonly path: string;
  scope: ChangeScope;
}

/**
 * A private view of the store, kept as the set of nodes accessed; nothing else is copied. It is
 * committed only if none of these nodes changed meanwhile, so that committed transactions are
 * serialisable: each acts as if it ran alone at the moment of its commit.
 */
export class Transaction extends NodeSpace {
  readonly id: number;
  readonly caller: Caller;
  readonly accessed = new Map<string, AccessedNode>();
  readonly changes = new Map<string, PendingChange>();
  /** It went beyond its quota of nodes: every further request and the commit fail. */
  failed = false;
  /** It can only end in EAGAIN: it was carried to another host, away from nodes it had seen. */
  doomed = false;
  readonly #live: StoreTree;
  readonly #ownedDelta = new Map<number, number>();
  #bookedBytes = 0;

  constructor(live: StoreTree, caller: Caller, id: number) {
    super(live.accounts);
    this.#live = live;
    this.caller = caller;
    this.id = id;
    this.accounts.usage(caller.domid).transactions++;
  }

  override get(path: string): StoreNode | undefined {
    const known = this.accessed.get(path);
    if (known) return known.node;
    const live = this.#live.get(path);
    const node = live?.fork();
    if (this.failed || this.#isFull()) {
      this.failed = true;
      return node;
    }
    this.#book(path.length + (node?.sizeBytes ?? 0));
    this.accessed.set(path, {
      generation: live?.generation ?? NO_GENERATION,
      permsBefore: live?.perms,
      node,
      changed: false,
    });
    return node;
  }

  override nodesOwnedBy(domid: number): number {
    return this.accounts.usage(domid).nodes + (this.#ownedDelta.get(domid) ?? 0);
  }

  override announce(path: string, scope: ChangeScope): void {
    const pending = this.changes.get(path);
    if (!pending) this.changes.set(path, { path, scope });
    else if (scope === 'subtree') pending.scope = scope;
  }

  /**
   * Makes the changes live and announces them, in the order in which they were first made.
   *
   * @returns `EAGAIN` if a node that was accessed has changed meanwhile, `ENOSPC` if the nodes
   *   created are too many now, `ENOMEM` if the transaction had failed; then nothing happens
   */
  commit(): Outcome {
    const refusal = this.#refusal();
    if (refusal) return refusal;
    const before = new Map<string, Permissions | undefined>();
    for (const [path, { changed, node, permsBefore }] of this.accessed) {
      if (!changed) continue;
      before.set(path, permsBefore);
      if (node || this.#live.get(path)) this.#live.adopt(path, node);
    }
    for (const { path, scope } of this.changes.values()) {
      this.#live.announce(path, scope, this.#live.get(path), before.get(path));
    }
    return 'OK';
  }

  /** Gives back what the transaction was booked. Call once, after commit or instead of it. */
  dispose(): void {
    const usage = this.accounts.usage(this.caller.domid);
    usage.transactions--;
    usage.memory -= this.#bookedBytes;
    this.accessed.clear();
    this.changes.clear();
  }

  /** Puts an access back in, when a transaction is carried to another store. */
  restoreAccess(path: string, access: AccessedNode): void {
    this.#book(path.length + (access.node?.sizeBytes ?? 0));
    this.accessed.set(path, access);
    const ownerBefore = access.permsBefore?.[0].domid;
    if (!access.changed) return;
    if (ownerBefore !== undefined) this.#addOwned(ownerBefore, -1);
    if (access.node) this.#addOwned(access.node.owner, 1);
  }

  protected override account(domid: number, nodes: number, bytes: number): void {
    this.#addOwned(domid, nodes);
    this.#book(bytes);
  }

  protected override put(path: string, node: StoreNode): void {
    node.generation = this.#live.nextGeneration();
    const access = this.accessed.get(path);
    if (!access) return;
    access.node = node;
    access.changed = true;
  }

  protected override drop(path: string): void {
    const access = this.accessed.get(path);
    if (!access) return;
    access.node = undefined;
    access.changed = true;
  }

  #refusal(): Errno | undefined {
    if (this.failed) return 'ENOMEM';
    if (this.doomed) return 'EAGAIN';
    for (const [path, { generation }] of this.accessed) {
      if ((this.#live.get(path)?.generation ?? NO_GENERATION) !== generation) return 'EAGAIN';
    }
    if (this.caller.privileged) return undefined;
    const { domid } = this.caller;
    const grows = (this.#ownedDelta.get(domid) ?? 0) > 0;
    const limit = this.accounts.limits(domid).nodes;
    return grows && exceeds(limit, this.nodesOwnedBy(domid)) ? 'ENOSPC' : undefined;
  }

  #isFull(): boolean {
    const limit = this.accounts.limits(this.caller.domid)['transaction-nodes'];
    return !this.caller.privileged && exceeds(limit, this.accessed.size + 1);
  }

  #addOwned(domid: number, nodes: number): void {
    if (nodes !== 0) this.#ownedDelta.set(domid, (this.#ownedDelta.get(domid) ?? 0) + nodes);
  }

  #book(bytes: number): void {
    this.#bookedBytes += bytes;
    this.accounts.usage(this.caller.domid).memory += bytes;
  }
}
