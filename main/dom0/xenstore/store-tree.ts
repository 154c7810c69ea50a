import type { StoreNode } from './node.ts';
import { bookedBytes, NodeSpace, type ChangeScope } from './node-space.ts';
import { INTRODUCE_DOMAIN, RELEASE_DOMAIN } from './path.ts';
import type { Permissions } from './permissions.ts';
import type { Accounts } from './quota.ts';

/** Hears of every change of the live store, in order; see {@link NodeSpace.announce}. */
export type ChangeListener = (
  path: string,
  scope: ChangeScope,
  node: StoreNode | undefined,
  oldPerms: Permissions | undefined,
) => void;

/** Nodes that always exist, as in xenstored: for domain 0 only until it decides otherwise. */
const initialPaths = ['/', '/tool', '/tool/xenstored', INTRODUCE_DOMAIN, RELEASE_DOMAIN];
const DOM0_ONLY: Permissions = [{ domid: 0, access: 0 }];

/**
 * The live store: all nodes by absolute path. Two invariants hold between requests: every node's
 * parent exists and lists it, and the accounts agree with the nodes.
 */
export class StoreTree extends NodeSpace {
  readonly #nodes = new Map<string, StoreNode>();
  readonly #onChange: ChangeListener;
  #generation = 0;

  constructor(accounts: Accounts, onChange: ChangeListener) {
    super(accounts);
    this.#onChange = onChange;
    for (const path of initialPaths) this.create(path, DOM0_ONLY);
    this.get('/')?.addChild('tool');
    this.get('/tool')?.addChild('xenstored');
    this.account(0, 0, 'tool\0xenstored\0'.length);
  }

  override get(path: string): StoreNode | undefined {
    return this.#nodes.get(path);
  }

  override nodesOwnedBy(domid: number): number {
    return this.accounts.usage(domid).nodes;
  }

  override announce(
    path: string,
    scope: ChangeScope,
    node: StoreNode | undefined,
    oldPerms?: Permissions,
  ): void {
    this.#onChange(path, scope, node, oldPerms);
  }

  /** Takes over a committed transaction's version of a node, `undefined` for its removal. */
  adopt(path: string, node: StoreNode | undefined): void {
    const old = this.#nodes.get(path);
    if (old) this.account(old.owner, -1, -bookedBytes(path, old));
    if (node) {
      this.account(node.owner, 1, bookedBytes(path, node));
      this.put(path, node);
    } else this.drop(path);
  }

  /** The next generation number; unique in this store. */
  nextGeneration(): number {
    return ++this.#generation;
  }

  get size(): number {
    return this.#nodes.size;
  }

  entries(): Iterable<[string, StoreNode]> {
    return this.#nodes;
  }

  protected override account(domid: number, nodes: number, bytes: number): void {
    const usage = this.accounts.usage(domid);
    usage.nodes += nodes;
    usage.memory += bytes;
  }

  protected override put(path: string, node: StoreNode): void {
    node.generation = this.nextGeneration();
    this.#nodes.set(path, node);
  }

  protected override drop(path: string): void {
    this.#nodes.delete(path);
  }
}
