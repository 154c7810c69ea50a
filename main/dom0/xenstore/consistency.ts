import { childPath, leafOf, parentOf } from './path.ts';
import { bookedBytes } from './node-space.ts';
import type { StoreTree } from './store-tree.ts';

/**
 * Checks the store's invariants: every node's parent exists and lists it, every listed child
 * exists, and the accounts agree with the nodes.
 *
 * @returns a sentence for each violation; a healthy store gives none
 */
export function checkStore(tree: StoreTree): string[] {
  const findings: string[] = [];
  const ownedNodes = new Map<number, number>();
  const ownedBytes = new Map<number, number>();
  for (const [path, node] of tree.entries()) {
    ownedNodes.set(node.owner, (ownedNodes.get(node.owner) ?? 0) + 1);
    const bytes = bookedBytes(path, node);
    ownedBytes.set(node.owner, (ownedBytes.get(node.owner) ?? 0) + bytes);
    for (const leaf of node.childNames()) {
      if (!tree.get(childPath(path, leaf)))
        findings.push(`${path} lists ${leaf}, which is missing`);
    }
    if (path === '/' || path.startsWith('@')) continue;
    if (!tree.get(parentOf(path))?.hasChild(leafOf(path))) {
      findings.push(`${path} is not listed by its parent`);
    }
  }
  for (const domid of new Set([...tree.accounts.domids(), ...ownedNodes.keys()])) {
    const { nodes, memory } = tree.accounts.usage(domid);
    const owned = ownedNodes.get(domid) ?? 0;
    if (nodes !== owned) findings.push(`domain ${domid} owns ${owned} nodes, booked are ${nodes}`);
    const least = ownedBytes.get(domid) ?? 0;
    if (memory < least) findings.push(`domain ${domid} uses ${least} bytes, booked are ${memory}`);
  }
  return findings;
}
