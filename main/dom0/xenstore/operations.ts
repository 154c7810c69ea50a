/**
 * What the requests of the protocol do to the nodes, on the live store or in a transaction.
 * All paths are absolute and well-formed. A refusal leaves everything as it was.
 */
import type { Caller } from './caller.ts';
import type { Errno, Outcome } from './errno.ts';
import { NODE_HEADER_BYTES, PERMISSION_BYTES, type StoreNode } from './node.ts';
import type { NodeSpace } from './node-space.ts';
import { childPath, leafOf, parentOf } from './path.ts';
import { Access, accessOf, inheritPermissions, type Permissions } from './permissions.ts';
import { exceeds } from './quota.ts';

/**
 * Finds a node the caller may use.
 *
 * @param want bits of {@link Access}, all of which are needed
 * @returns `EACCES` without permission. A missing node is `ENOENT` only for callers who could use
 *   its nearest existing ancestor, else `EACCES`, so that nobody learns what exists elsewhere
 */
export function lookup(
  space: NodeSpace,
  caller: Caller,
  path: string,
  want: number,
): StoreNode | Errno {
  const node = space.get(path);
  if (node) return (accessOf(node.perms, caller) & want) === want ? node : 'EACCES';
  if (caller.privileged) return 'ENOENT';
  let ancestor = parentOf(path);
  let found = space.get(ancestor);
  while (!found && ancestor !== '/') {
    ancestor = parentOf(ancestor);
    found = space.get(ancestor);
  }
  return found && (accessOf(found.perms, caller) & want) !== 0 ? 'ENOENT' : 'EACCES';
}

/** WRITE: sets a value; creates the node and missing ancestors (with empty values). */
export function write(space: NodeSpace, caller: Caller, path: string, value: Uint8Array): Outcome {
  let node = lookup(space, caller, path, Access.write);
  if (node === 'ENOENT') node = create(space, caller, path, value);
  else if (typeof node !== 'string') {
    const refusal = refuseGrowth(space, caller, node, value.length - node.value.length);
    if (refusal) return refusal;
    space.setValue(path, node, value);
  }
  if (typeof node === 'string') return node;
  space.announce(path, 'subtree', node);
  return 'OK';
}

/** MKDIR: makes sure that a node exists; an existing one is left alone. */
export function mkdir(space: NodeSpace, caller: Caller, path: string): Outcome {
  const node = lookup(space, caller, path, Access.write);
  if (typeof node !== 'string') return 'OK';
  if (node !== 'ENOENT') return node;
  const created = create(space, caller, path);
  if (typeof created === 'string') return created;
  space.announce(path, 'subtree', created);
  return 'OK';
}

/**
 * RM: removes a node and everything below. A missing node is fine if its immediate parent exists,
 * else `ENOENT`. Permission is asked for the node itself only, as Xen does.
 */
export function rm(space: NodeSpace, caller: Caller, path: string): Outcome {
  const node = lookup(space, caller, path, Access.write);
  if (node === 'ENOENT') return space.get(parentOf(path)) ? 'OK' : 'ENOENT';
  if (typeof node === 'string') return node;
  if (path === '/') return 'EINVAL';
  const parentPath = parentOf(path);
  const parent = space.get(parentPath);
  if (!parent) return 'EINVAL';
  removeBelow(space, path, node);
  announceRemoval(space, path, node, 'subtree');
  space.removeChild(parentPath, parent, leafOf(path));
  return 'OK';
}

/** SET_PERMS: for the owner and domain 0; only the latter may change the owner. */
export function setPerms(
  space: NodeSpace,
  caller: Caller,
  path: string,
  perms: Permissions,
): Outcome {
  const limit = space.accounts.limits(caller.domid)['node-permissions'];
  if (!caller.privileged && exceeds(limit, perms.length)) return 'ENOSPC';
  const node = lookup(space, caller, path, Access.write | Access.owner);
  if (typeof node === 'string') return node;
  if (!caller.privileged && perms[0].domid !== node.owner) return 'EPERM';
  const growth = PERMISSION_BYTES * (perms.length - node.perms.length);
  const refusal = refuseGrowth(space, caller, node, growth);
  if (refusal) return refusal;
  const oldPerms = node.perms;
  space.setPerms(path, node, perms);
  space.announce(path, 'subtree', node, oldPerms);
  return 'OK';
}

function create(
  space: NodeSpace,
  caller: Caller,
  path: string,
  value?: Uint8Array,
): StoreNode | Errno {
  const missing = [path];
  let ancestorPath = parentOf(path);
  let ancestor = space.get(ancestorPath);
  while (!ancestor) {
    if (ancestorPath === '/') return 'EIO';
    missing.push(ancestorPath);
    ancestorPath = parentOf(ancestorPath);
    ancestor = space.get(ancestorPath);
  }
  const perms = inheritPermissions(ancestor.perms, caller);
  const refusal = refuseCreation(space, caller, ancestor, missing, perms, value?.length ?? 0);
  if (refusal) return refusal;
  let node = ancestor;
  let nodePath = ancestorPath;
  for (let level = missing.length - 1; level >= 0; level--) {
    const newPath = missing[level] ?? path;
    space.addChild(nodePath, node, leafOf(newPath));
    node = space.create(newPath, perms, level === 0 ? value : undefined);
    nodePath = newPath;
  }
  return node;
}

/** Whether a guest's quotas forbid a node to grow. Shrinking is always allowed. */
function refuseGrowth(
  space: NodeSpace,
  caller: Caller,
  node: StoreNode,
  bytes: number,
): Errno | undefined {
  if (caller.privileged || bytes <= 0) return undefined;
  const limits = space.accounts.limits(caller.domid);
  if (exceeds(limits['node-size'], node.sizeBytes + bytes)) return 'ENOSPC';
  return refuseMemory(space, caller, bytes);
}

/** Whether a guest's quotas forbid the nodes `missing` (the deepest first) under `ancestor`. */
function refuseCreation(
  space: NodeSpace,
  caller: Caller,
  ancestor: StoreNode,
  missing: readonly string[],
  perms: Permissions,
  valueBytes: number,
): Errno | undefined {
  if (caller.privileged) return undefined;
  const limits = space.accounts.limits(caller.domid);
  if (exceeds(limits.nodes, space.nodesOwnedBy(caller.domid) + missing.length)) return 'ENOSPC';
  const bareBytes = NODE_HEADER_BYTES + PERMISSION_BYTES * perms.length;
  let totalBytes = 0;
  let childBytes = 0; // of the list of children of the node at hand: one name and its NUL
  for (const [level, path] of missing.entries()) {
    const sizeBytes = bareBytes + childBytes + (level === 0 ? valueBytes : 0);
    if (exceeds(limits['node-size'], sizeBytes)) return 'ENOSPC';
    totalBytes += sizeBytes + path.length;
    childBytes = leafOf(path).length + 1;
  }
  if (exceeds(limits['node-size'], ancestor.sizeBytes + childBytes)) return 'ENOSPC';
  return refuseMemory(space, caller, totalBytes + childBytes);
}

function refuseMemory(space: NodeSpace, caller: Caller, bytes: number): Errno | undefined {
  const limit = space.accounts.limits(caller.domid).memory;
  return exceeds(limit, space.accounts.usage(caller.domid).memory + bytes) ? 'ENOMEM' : undefined;
}

function removeBelow(space: NodeSpace, path: string, node: StoreNode): void {
  for (const leaf of node.childNames()) {
    const below = childPath(path, leaf);
    const child = space.get(below);
    if (!child) continue;
    removeBelow(space, below, child);
    announceRemoval(space, below, child, 'exact');
  }
}

/** Watchers are told while the node's permissions can still be seen. */
function announceRemoval(
  space: NodeSpace,
  path: string,
  node: StoreNode,
  scope: 'exact' | 'subtree',
): void {
  space.announce(path, scope, node);
  space.remove(path, node);
}
