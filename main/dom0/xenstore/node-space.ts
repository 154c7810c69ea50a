import { StoreNode } from './node.ts';
import type { Permissions } from './permissions.ts';
import type { Accounts } from './quota.ts';

/** Which watches a change concerns: those at the path only, or also those above it. */
export type ChangeScope = 'exact' | 'subtree';

/**
 * The nodes one request works on: the live store, or a transaction's view of it. Nodes are
 * changed through these methods only, which keep the accounts and the generations right.
 */
export abstract class NodeSpace {
  readonly accounts: Accounts;

  constructor(accounts: Accounts) {
    this.accounts = accounts;
  }

  /** The node at an absolute path. A transaction notes that it was looked for. */
  abstract get(path: string): StoreNode | undefined;

  /** Nodes a domain owns as this view has it. */
  abstract nodesOwnedBy(domid: number): number;

  /**
   * Tells watchers, at once or at commit.
   *
   * @param node the node as it is, or was just before its removal
   * @param oldPerms permissions before the change if they changed: who could read the node until
   *   now hears of it
   */
  abstract announce(
    path: string,
    scope: ChangeScope,
    node: StoreNode,
    oldPerms?: Permissions,
  ): void;

  /** Books nodes and bytes to a domain. */
  protected abstract account(domid: number, nodes: number, bytes: number): void;
  /** A node was changed, or is new. */
  protected abstract put(path: string, node: StoreNode): void;
  /** A node is gone. */
  protected abstract drop(path: string): void;

  create(path: string, perms: Permissions, value?: Uint8Array): StoreNode {
    const node = new StoreNode(perms, value);
    this.account(node.owner, 1, bookedBytes(path, node));
    this.put(path, node);
    return node;
  }

  setValue(path: string, node: StoreNode, value: Uint8Array): void {
    this.account(node.owner, 0, value.length - node.value.length);
    node.value = value;
    this.put(path, node);
  }

  setPerms(path: string, node: StoreNode, perms: Permissions): void {
    this.account(node.owner, -1, -bookedBytes(path, node));
    node.perms = perms;
    this.account(node.owner, 1, bookedBytes(path, node));
    this.put(path, node);
  }

  addChild(path: string, node: StoreNode, leaf: string): void {
    const before = node.childListBytes;
    node.addChild(leaf);
    this.account(node.owner, 0, node.childListBytes - before);
    this.put(path, node);
  }

  removeChild(path: string, node: StoreNode, leaf: string): void {
    const before = node.childListBytes;
    node.removeChild(leaf);
    this.account(node.owner, 0, node.childListBytes - before);
    this.put(path, node);
  }

  /** Removes one node; its children and its entry in the parent are the caller's business. */
  remove(path: string, node: StoreNode): void {
    this.account(node.owner, -1, -bookedBytes(path, node));
    this.drop(path);
  }
}

/** Bytes a stored node costs its owner. */
export function bookedBytes(path: string, node: StoreNode): number {
  return path.length + node.sizeBytes;
}
