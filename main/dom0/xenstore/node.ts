import type { Permissions } from './permissions.ts';

/** Bytes of the fixed part of a stored node, as Xen counts it for the quota `node-size`. */
export const NODE_HEADER_BYTES = 16;
/** Bytes of one permission entry, as Xen counts it. */
export const PERMISSION_BYTES = 8;
/** The generation of a node that does not exist. */
export const NO_GENERATION = 0;

const EMPTY: Uint8Array = new Uint8Array(0);

/**
 * The names of a node's children, in order of creation. Copied only when a live node and a
 * transaction share it and one of them changes it.
 */
class ChildNames {
  readonly names: Set<string>;
  /** Length of the list on the wire: each name and its NUL. */
  bytes: number;
  shared = false;

  constructor(names?: Iterable<string>, bytes = 0) {
    this.names = new Set(names);
    this.bytes = bytes;
  }
}

/** A node of the store. A node may have a value and children at once. */
export class StoreNode {
  value: Uint8Array;
  perms: Permissions;
  /** Number of the last change in the whole store that touched this node or its list of children. */
  generation: number;
  #children: ChildNames | undefined;

  constructor(perms: Permissions, value: Uint8Array = EMPTY) {
    this.perms = perms;
    this.value = value;
    this.generation = NO_GENERATION;
  }

  get owner(): number {
    return this.perms[0].domid;
  }

  /** Bytes of this node for Xen's quota `node-size`. */
  get sizeBytes(): number {
    return (
      NODE_HEADER_BYTES +
      PERMISSION_BYTES * this.perms.length +
      this.value.length +
      (this.#children?.bytes ?? 0)
    );
  }

  /** Length of the list of children on the wire: each name with its NUL. */
  get childListBytes(): number {
    return this.#children?.bytes ?? 0;
  }

  get childCount(): number {
    return this.#children?.names.size ?? 0;
  }

  childNames(): Iterable<string> {
    return this.#children?.names ?? [];
  }

  hasChild(leaf: string): boolean {
    return this.#children?.names.has(leaf) ?? false;
  }

  addChild(leaf: string): void {
    const children = this.#ownChildren();
    if (children.names.has(leaf)) return;
    children.names.add(leaf);
    children.bytes += leaf.length + 1;
  }

  removeChild(leaf: string): void {
    const children = this.#ownChildren();
    if (children.names.delete(leaf)) children.bytes -= leaf.length + 1;
  }

  /** A private copy that costs nothing until one of the two changes its list of children. */
  fork(): StoreNode {
    const copy = new StoreNode(this.perms, this.value);
    copy.generation = this.generation;
    if (this.#children) this.#children.shared = true;
    copy.#children = this.#children;
    return copy;
  }

  #ownChildren(): ChildNames {
    if (!this.#children) this.#children = new ChildNames();
    else if (this.#children.shared) {
      this.#children = new ChildNames(this.#children.names, this.#children.bytes);
    }
    return this.#children;
  }
}
