import { domainHome } from './caller.ts';
import type { XenstoreConnection } from './connection.ts';
import {
  DOMAIN_STATE_VERSION,
  toBase64,
  type DomainState,
  type SavedConnection,
  type SavedNode,
  type SavedTransaction,
} from './domain-state.ts';
import type { DomainTable } from './domain-table.ts';
import { XenstoreError } from './errno.ts';
import { NO_GENERATION, type StoreNode } from './node.ts';
import { childPath } from './path.ts';
import { formatPermissions } from './permissions.ts';
import type { StoreServices } from './requests/request.ts';
import type { StoreTree } from './store-tree.ts';
import type { Transaction } from './transaction.ts';
import { NO_DEPTH_LIMIT } from './watch-registry.ts';

export interface ExportOptions {
  /**
   * Response bytes that the transport took from the connection and has not put into the guest's
   * ring. Request bytes it holds belong into `receive` before the export.
   */
  readonly undelivered?: Uint8Array;
}

/**
 * Saves a domain's part of the store and its connection, which stay as they are. The domain must be
 * stopped, else what it does meanwhile is not in the state.
 *
 * Its trees are its home, `/vm/UUID`, `/libxl/N` and its back ends in domain 0.
 *
 * @throws XenstoreError ENOENT if the domain is not connected
 */
export function exportDomain(
  { tree, watches, accounts }: StoreServices,
  domains: DomainTable,
  domid: number,
  options: ExportOptions,
): DomainState {
  const connection = domains.connection(domid);
  if (!connection) throw new XenstoreError('ENOENT', 'export domain', String(domid));
  const roots = domainRoots(tree, domid);
  const nodes: SavedNode[] = [];
  for (const root of roots) saveTree(tree, root, nodes);
  const savedWatches = watches
    .of(connection)
    .map(({ path, token, depth, prefixLength, calledPath }) => ({
      path: calledPath ?? path.slice(prefixLength),
      token: toBase64(Buffer.from(token, 'latin1')),
      depth: depth === NO_DEPTH_LIMIT ? null : depth,
    }));
  return {
    kind: 'xenstore-domain',
    version: DOMAIN_STATE_VERSION,
    domid,
    roots,
    nodes,
    connection: connection.closed
      ? null
      : saveConnection(tree, connection, savedWatches, options.undelivered),
    quota: { ...accounts.limits(domid) },
    target: connection.caller.target ?? null,
    formerly: [...connection.caller.formerly],
  };
}

/** The trees that belong to a domain and exist. */
function domainRoots(tree: StoreTree, domid: number): string[] {
  const home = domainHome(domid);
  const vm = tree.get(`${home}/vm`);
  const vmPath = vm && Buffer.from(vm.value).toString('latin1');
  const backends = `${domainHome(0)}/backend`;
  const candidates = [
    home,
    ...(vmPath && /^\/vm\/[\w-]+$/.test(vmPath) ? [vmPath] : []),
    `/libxl/${domid}`,
    ...[...(tree.get(backends)?.childNames() ?? [])].map((kind) => `${backends}/${kind}/${domid}`),
  ];
  return candidates.filter((path) => tree.get(path) !== undefined);
}

function saveTree(tree: StoreTree, path: string, nodes: SavedNode[]): void {
  const node = tree.get(path);
  if (!node) return;
  nodes.push({ path, ...saveNode(node) });
  for (const leaf of node.childNames()) saveTree(tree, childPath(path, leaf), nodes);
}

function saveNode(node: StoreNode): { value: string; perms: string[] } {
  return { value: toBase64(node.value), perms: formatPermissions(node.perms) };
}

function saveConnection(
  tree: StoreTree,
  connection: XenstoreConnection,
  watches: SavedConnection['watches'],
  undelivered: Uint8Array | undefined,
): SavedConnection {
  const { input, head, output } = connection.inFlight();
  const outputHead = Buffer.concat([undelivered ?? new Uint8Array(0), head ?? new Uint8Array(0)]);
  return {
    input: toBase64(input),
    outputHead: toBase64(outputHead),
    output: output.map(toBase64),
    watches,
    transactions: [...connection.session.transactions()].map((open) => saveTransaction(tree, open)),
  };
}

function saveTransaction(tree: StoreTree, transaction: Transaction): SavedTransaction {
  const accesses = [...transaction.accessed].map(([path, access]) => {
    const { node, changed, generation, permsBefore } = access;
    return {
      path,
      intact: (tree.get(path)?.generation ?? NO_GENERATION) === generation,
      changed,
      permsBefore: permsBefore ? formatPermissions(permsBefore) : null,
      node: changed && node ? { ...saveNode(node), children: [...node.childNames()] } : null,
    };
  });
  return {
    id: transaction.id,
    failed: transaction.failed,
    doomed: transaction.doomed,
    accesses,
    changes: [...transaction.changes.values()].map(({ path, scope }) => ({ path, scope })),
  };
}
