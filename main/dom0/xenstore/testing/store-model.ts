import { parentOf } from '../path.ts';
import { formatPermissions } from '../permissions.ts';
import type { StoreTree } from '../store-tree.ts';

interface ModelNode {
  value: string;
  perms: string[];
}

/** The store as domain 0 sees it, in the simplest way that could be right: a map of paths. */
export class StoreModel {
  readonly #nodes = new Map<string, ModelNode>([['/', { value: '', perms: ['n0'] }]]);

  /** Does what `operations.ts` should do. */
  perform(op: {
    readonly kind: 'write' | 'mkdir' | 'rm' | 'setPerms' | 'read' | 'ls';
    readonly path: string;
    readonly value?: string;
    readonly perms?: string[];
  }): unknown {
    const { path } = op;
    const node = this.#nodes.get(path);
    switch (op.kind) {
      case 'write':
        this.#make(path).value = op.value ?? '';
        return 'OK';
      case 'mkdir':
        this.#make(path);
        return 'OK';
      case 'rm': {
        if (!node) return this.#nodes.has(parentOf(path)) ? 'OK' : 'ENOENT';
        for (const key of [...this.#nodes.keys()]) {
          if (key === path || key.startsWith(`${path}/`)) this.#nodes.delete(key);
        }
        return 'OK';
      }
      case 'setPerms':
        if (!node) return 'ENOENT';
        node.perms = op.perms ?? [];
        return 'OK';
      case 'read':
        return node?.value;
      case 'ls':
        return node && this.#children(path);
    }
  }

  /** What the real store has otherwise, apart from what xenstored creates for itself. */
  differences(tree: StoreTree): string[] {
    const own = (path: string): boolean => path.startsWith('@') || path.startsWith('/tool');
    const real = [...tree.entries()]
      .filter(([path]) => !own(path))
      .map(([path, { value, perms }]) =>
        describe(path, Buffer.from(value).toString('latin1'), formatPermissions(perms)),
      );
    const model = [...this.#nodes].map(([path, { value, perms }]) => describe(path, value, perms));
    return [
      ...real.filter((line) => !model.includes(line)),
      ...model.filter((line) => !real.includes(line)),
    ];
  }

  #make(path: string): ModelNode {
    const existing = this.#nodes.get(path);
    if (existing) return existing;
    const parent = this.#make(parentOf(path));
    const node = { value: '', perms: parent.perms };
    this.#nodes.set(path, node);
    return node;
  }

  #children(path: string): string[] {
    return [...this.#nodes.keys()]
      .filter((key) => key !== '/' && parentOf(key) === path)
      .map((key) => key.slice(key.lastIndexOf('/') + 1))
      .sort();
  }
}

function describe(path: string, value: string, perms: readonly string[]): string {
  return `${path} = ${JSON.stringify(value)} (${perms.join(',')})`;
}
