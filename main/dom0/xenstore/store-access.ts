import type { Caller } from './caller.ts';
import { XenstoreError, type Errno } from './errno.ts';
import { lookup, mkdir, rm, setPerms, write } from './operations.ts';
import type { NodeSpace } from './node-space.ts';
import { resolvePath } from './path.ts';
import { Access, formatPermissions, parsePermissions } from './permissions.ts';
import type { StoreNode } from './node.ts';

/** A permission list as text: `['n0', 'r5']`. */
export type PermissionList = readonly string[];

/** A node as a tool sees it. */
export interface StoreEntry {
  readonly path: string;
  /** The value's bytes, or text that is stored as UTF-8. */
  readonly value: string | Uint8Array;
  /** Inherited from the parent if absent. */
  readonly perms?: PermissionList;
}

const text = new TextDecoder();
const utf8 = new TextEncoder();

/**
 * Domain 0's typed view of the store, or of a transaction. Paths are absolute. Refusals are
 * {@link XenstoreError}s; domain 0 has all permissions and no quotas, so what remains is malformed
 * paths (EINVAL) and missing nodes.
 */
export class StoreAccess {
  readonly #space: NodeSpace;
  readonly #caller: Caller;

  constructor(space: NodeSpace, caller: Caller) {
    this.#space = space;
    this.#caller = caller;
  }

  /** A node's value as text (UTF-8; broken sequences as U+FFFD), `undefined` without a node. */
  read(path: string): string | undefined {
    const node = this.#find('read', path);
    return node && text.decode(node.value);
  }

  /** A copy of a node's value, `undefined` without a node. */
  readBytes(path: string): Uint8Array | undefined {
    const node = this.#find('read', path);
    return node && new Uint8Array(node.value);
  }

  exists(path: string): boolean {
    return this.#find('look for', path) !== undefined;
  }

  /** Names of a node's children in order of creation, `undefined` without a node. */
  ls(path: string): string[] | undefined {
    const node = this.#find('list', path);
    return node && [...node.childNames()];
  }

  /** Sets a value; creates the node and missing ancestors. */
  write(path: string, value: string | Uint8Array): void {
    const bytes = typeof value === 'string' ? utf8.encode(value) : new Uint8Array(value);
    demand(write(this.#space, this.#caller, this.#resolve('write', path), bytes), 'write', path);
  }

  /** Makes sure a node exists. */
  mkdir(path: string): void {
    demand(mkdir(this.#space, this.#caller, this.#resolve('create', path)), 'create', path);
  }

  /** Makes sure a node does not exist, nor anything below it; returns whether it did. */
  rm(path: string): boolean {
    const absolute = this.#resolve('remove', path);
    const existed = this.#space.get(absolute) !== undefined;
    if (existed) demand(rm(this.#space, this.#caller, absolute), 'remove', path);
    return existed;
  }

  getPerms(path: string): string[] | undefined {
    const node = this.#find('read the permissions of', path, true);
    return node && formatPermissions(node.perms);
  }

  /** @param perms the owner first: `['n0', 'r5']` */
  setPerms(path: string, perms: PermissionList): void {
    const operation = 'set the permissions of';
    const absolute = this.#resolve(operation, path, true);
    const parsed = parsePermissions(perms);
    if (!parsed)
      throw new XenstoreError('EINVAL', operation, path, `not permissions: ${perms.join(' ')}`);
    demand(setPerms(this.#space, this.#caller, absolute, parsed), operation, path);
  }

  /** Writes entries in order, each with its permissions if it has any. */
  writeAll(entries: Iterable<StoreEntry>): void {
    for (const { path, value, perms } of entries) {
      this.write(path, value);
      if (perms) this.setPerms(path, perms);
    }
  }

  #find(operation: string, path: string, allowSpecial = false): StoreNode | undefined {
    const absolute = this.#resolve(operation, path, allowSpecial);
    const node = lookup(this.#space, this.#caller, absolute, Access.read);
    return typeof node === 'string' ? undefined : node;
  }

  #resolve(operation: string, path: string, allowSpecial = false): string {
    const absolute = resolvePath(path, this.#caller, 0, allowSpecial);
    if (absolute === undefined || (path[0] !== '/' && path[0] !== '@')) {
      throw new XenstoreError('EINVAL', operation, JSON.stringify(path));
    }
    return absolute;
  }
}

function demand(outcome: 'OK' | Errno, operation: string, path: string): void {
  if (outcome !== 'OK') throw new XenstoreError(outcome, operation, path);
}
