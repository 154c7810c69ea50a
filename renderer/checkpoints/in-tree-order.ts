import type { Checkpoint } from '../../shared/contract/schemas.ts';

export interface TreeEntry {
  readonly checkpoint: Checkpoint;
  /** Of the tree: 0 for what comes from none. */
  readonly depth: number;
}

/**
 * Each right after what it comes from, brothers by age. A line that never forks stays where it is: only
 * the second and later children of one are a step further in, as in a history of versions.
 */
export function inTreeOrder(all: readonly Checkpoint[]): TreeEntry[] {
  const known = new Set(all.map(({ id }) => id));
  const childrenOf = (parent: string | null): Checkpoint[] =>
    all.filter(
      (one) => (one.parent !== null && known.has(one.parent) ? one.parent : null) === parent,
    );
  const entries: TreeEntry[] = [];
  const walk = (checkpoint: Checkpoint, depth: number): void => {
    entries.push({ checkpoint, depth });
    const children = childrenOf(checkpoint.id);
    // The oldest line goes on last, so that branches stand beside where they leave it.
    for (const branch of children.slice(1)) walk(branch, depth + 1);
    if (children[0]) walk(children[0], depth);
  };
  for (const root of childrenOf(null)) walk(root, 0);
  return entries;
}
