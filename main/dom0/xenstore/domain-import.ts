import { domainHome, privilegedCaller } from './caller.ts';
import type { XenstoreConnection, XenstorePeer } from './connection.ts';
import {
  fromBase64,
  parseDomainState,
  refuse,
  type DomainState,
  type SavedConnection,
  type SavedTransaction,
} from './domain-state.ts';
import type { DomainTable } from './domain-table.ts';
import { XenstoreError } from './errno.ts';
import { withNewIdentity, type NewIdentity } from './new-identity.ts';
import { NO_GENERATION, StoreNode } from './node.ts';
import { mkdir, rm, setPerms } from './operations.ts';
import {
  calledOtherwise,
  childPath,
  isAtOrBelow,
  isRelative,
  leafOf,
  parentOf,
  resolvePath,
} from './path.ts';
import { parsePermissions, type Permissions } from './permissions.ts';
import type { StoreServices } from './requests/request.ts';
import type { StoreTree } from './store-tree.ts';
import { Transaction } from './transaction.ts';
import { NO_DEPTH_LIMIT } from './watch-registry.ts';

export interface ImportOptions {
  /** Makes the domain a clone: a new machine. Without it the same machine goes on here. */
  readonly identity?: NewIdentity;
}

/**
 * Puts a saved domain into a store and connects it: the guest goes on as if nothing had happened.
 * Its watches are in place without firing, unless its trees change. Trees of the same names are
 * replaced, and all watchers hear of the new nodes at once.
 *
 * A transaction goes on too; if it had seen nodes outside of the domain's own trees, which may
 * differ here, it ends in EAGAIN, as it would have if they had changed.
 *
 * @param data a `DomainState`; checked before anything changes
 * @throws XenstoreError EINVAL for malformed data, EISCONN if the domain is connected here, EBUSY
 *   see `withNewIdentity`
 */
export function importDomain(
  services: StoreServices,
  domains: DomainTable,
  data: unknown,
  peer: XenstorePeer,
  { identity }: ImportOptions,
): XenstoreConnection {
  const saved = parseDomainState(data);
  const state = identity ? withNewIdentity(saved, identity) : saved;
  const { domid, connection: savedConnection } = state;
  if (domid === 0) throw refuse('domid: domain 0 does not move');
  if (domains.connection(domid)) {
    throw new XenstoreError('EISCONN', 'import domain', String(domid), 'its domid is in use here');
  }
  checkPaths(state);
  importNodes(services, state);
  services.accounts.setLimits(domid, state.quota);
  const connection = domains.connect(domid, peer);
  connection.caller.target = state.target ?? undefined;
  connection.caller.formerly = state.formerly;
  if (savedConnection) resumeConnection(services, connection, savedConnection, state.roots);
  else connection.close('oversize-message');
  return connection;
}

function checkPaths({ nodes, roots, domid, connection }: DomainState): void {
  const home = domainHome(domid);
  const vm = nodes.find(({ path }) => path === `${home}/vm`);
  const vmPath = vm && fromBase64(vm.value).toString('latin1');
  const ownTree = new RegExp(`^(${home}|/libxl/${domid}|${domainHome(0)}/backend/[^/]+/${domid})$`);
  for (const root of roots) {
    if (!ownTree.test(root) && !(root === vmPath && /^\/vm\/[^/]+$/.test(root))) {
      throw refuse(`roots: ${root} is not the domain's`);
    }
  }
  const caller = privilegedCaller();
  for (const { path } of nodes) {
    if (resolvePath(path, caller, 0) !== path) throw refuse(`nodes: ${path} is not a path`);
    if (!roots.some((root) => isAtOrBelow(path, root))) {
      throw refuse(`nodes: ${path} is outside of the domain's trees`);
    }
  }
  for (const { path } of connection?.watches ?? []) {
    if (resolvePath(path, caller, 0, true) === undefined) {
      throw refuse(`connection.watches: ${path} is not a path`);
    }
  }
}

function importNodes({ tree }: StoreServices, { nodes, roots }: DomainState): void {
  const transaction = new Transaction(tree, privilegedCaller(), 0);
  const { caller } = transaction;
  for (const root of roots) rm(transaction, caller, root);
  for (const { path, value, perms } of nodes) {
    mkdir(transaction, caller, path);
    const node = transaction.get(path);
    if (node) transaction.setValue(path, node, new Uint8Array(fromBase64(value)));
    setPerms(transaction, caller, path, permissions(perms));
  }
  transaction.commit();
  transaction.dispose();
}

function resumeConnection(
  services: StoreServices,
  connection: XenstoreConnection,
  saved: SavedConnection,
  roots: readonly string[],
): void {
  const { caller } = connection;
  for (const { path, token, depth } of saved.watches) {
    const absolute = resolvePath(path, caller, 0, true);
    if (absolute === undefined) continue;
    services.watches.add({
      watcher: connection,
      path: absolute,
      token: fromBase64(token).toString('latin1'),
      depth: depth ?? NO_DEPTH_LIMIT,
      prefixLength: isRelative(path) ? caller.home.length + 1 : 0,
      calledPath: calledOtherwise(path, absolute),
    });
  }
  for (const transaction of saved.transactions) {
    resumeTransaction(services, connection, transaction, roots);
  }
  connection.resumeInFlight(
    fromBase64(saved.outputHead),
    saved.output.map(fromBase64),
    fromBase64(saved.input),
  );
}

function resumeTransaction(
  { tree }: StoreServices,
  connection: XenstoreConnection,
  saved: SavedTransaction,
  roots: readonly string[],
): void {
  const transaction = connection.session.adopt(saved.id);
  transaction.failed = saved.failed;
  transaction.doomed = saved.doomed;
  for (const { path, intact, changed, permsBefore, node } of saved.accesses) {
    const live = tree.get(path);
    if (!intact || !roots.some((root) => isAtOrBelow(path, root))) transaction.doomed = true;
    transaction.restoreAccess(path, {
      generation: live?.generation ?? NO_GENERATION,
      permsBefore: permsBefore ? permissions(permsBefore) : undefined,
      node: changed ? (node ? restoredNode(node) : undefined) : live?.fork(),
      changed,
    });
  }
  for (const { path, scope } of saved.changes) transaction.changes.set(path, { path, scope });
  if (!isSound(tree, transaction)) transaction.doomed = true;
}

/** Whether a commit would keep the tree whole: what is listed exists, what exists is listed. */
function isSound(tree: StoreTree, { accessed }: Transaction): boolean {
  const view = (path: string): StoreNode | undefined =>
    accessed.has(path) ? accessed.get(path)?.node : tree.get(path);
  for (const [path, { node, changed }] of accessed) {
    if (!changed) continue;
    if ((view(parentOf(path))?.hasChild(leafOf(path)) ?? false) !== (node !== undefined))
      return false;
    for (const leaf of node?.childNames() ?? []) if (!view(childPath(path, leaf))) return false;
    if (node) continue;
    for (const leaf of tree.get(path)?.childNames() ?? [])
      if (view(childPath(path, leaf))) return false;
  }
  return true;
}

function restoredNode(saved: {
  value: string;
  perms: readonly string[];
  children: readonly string[];
}): StoreNode {
  const node = new StoreNode(permissions(saved.perms), new Uint8Array(fromBase64(saved.value)));
  for (const leaf of saved.children) node.addChild(leaf);
  return node;
}

function permissions(texts: readonly string[]): Permissions {
  const perms = parsePermissions(texts);
  if (!perms) throw refuse(`permissions ${texts.join(' ')}`);
  return perms;
}
