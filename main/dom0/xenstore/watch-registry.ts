import type { Caller } from './caller.ts';
import type { StoreNode } from './node.ts';
import type { ChangeScope } from './node-space.ts';
import { parentOf } from './path.ts';
import { Access, accessOf, type Permissions } from './permissions.ts';
import type { Accounts } from './quota.ts';

/** Who registered a watch and takes its events. */
export interface Watcher {
  readonly caller: Caller;
  /** Takes an event. Must not change the store before it returns. */
  event(path: string, token: string): void;
}

export interface Watch {
  readonly watcher: Watcher;
  /** Absolute, or one of the `@` names. */
  readonly path: string;
  /** The watcher's own mark, in latin1: any bytes but NUL. */
  readonly token: string;
  /** Levels below the path that count; {@link NO_DEPTH_LIMIT} for all. */
  readonly depth: number;
  /** Characters to cut from event paths: a relative watch gets relative paths. */
  readonly prefixLength: number;
  /** What its watcher calls the path, where that is another (`Caller.formerly`). */
  readonly calledPath?: string | undefined;
}

export const NO_DEPTH_LIMIT = -1;

/** Finds the live node at a path; a watcher hears only of what it may read. */
export type NodeFinder = (path: string) => StoreNode | undefined;

/** All watches, found by path, so that a change costs the depth of its path, not all watches. */
export class WatchRegistry {
  readonly #byPath = new Map<string, Watch[]>();
  readonly #byWatcher = new Map<Watcher, Watch[]>();
  readonly #accounts: Accounts;
  readonly #find: NodeFinder;

  constructor(accounts: Accounts, find: NodeFinder) {
    this.#accounts = accounts;
    this.#find = find;
  }

  /** Registers a watch; returns false if the watcher has one with this path and token. */
  add(watch: Watch): boolean {
    const own = this.#byWatcher.get(watch.watcher) ?? [];
    if (own.some(({ path, token }) => path === watch.path && token === watch.token)) return false;
    own.push(watch);
    this.#byWatcher.set(watch.watcher, own);
    const here = this.#byPath.get(watch.path);
    if (here) here.push(watch);
    else this.#byPath.set(watch.path, [watch]);
    this.#book(watch, 1);
    return true;
  }

  /** Removes one watch; returns false if there is none such. */
  remove(watcher: Watcher, path: string, token: string): boolean {
    const own = this.#byWatcher.get(watcher);
    const watch = own?.find((candidate) => candidate.path === path && candidate.token === token);
    if (!own || !watch) return false;
    own.splice(own.indexOf(watch), 1);
    if (own.length === 0) this.#byWatcher.delete(watcher);
    this.#unlink(watch);
    return true;
  }

  removeAll(watcher: Watcher): void {
    for (const watch of this.#byWatcher.get(watcher) ?? []) this.#unlink(watch);
    this.#byWatcher.delete(watcher);
  }

  of(watcher: Watcher): readonly Watch[] {
    return this.#byWatcher.get(watcher) ?? [];
  }

  /** The event a watch gets at once when it is registered: its own path. */
  fireFirst(watch: Watch): void {
    send(watch, watch.path);
  }

  /** Tells all watches concerned by a change; see `NodeSpace.announce`. */
  fire(
    path: string,
    scope: ChangeScope,
    node: StoreNode | undefined,
    oldPerms: Permissions | undefined,
  ): void {
    const permitted = (watch: Watch): boolean =>
      this.#mayHear(watch.watcher.caller, path, node, oldPerms);
    for (const watch of this.#byPath.get(path) ?? []) if (permitted(watch)) send(watch, path);
    if (scope === 'exact' || path.startsWith('@')) return;
    let levels = 0;
    for (let above = path; above !== '/';) {
      above = parentOf(above);
      levels++;
      for (const watch of this.#byPath.get(above) ?? []) {
        if (watch.depth !== NO_DEPTH_LIMIT && watch.depth < levels) continue;
        if (permitted(watch)) send(watch, path);
      }
    }
  }

  /**
   * Tells watches of `@introduceDomain` or `@releaseDomain`. Those without a depth hear the plain
   * name; those with depth 1, and those of `name/domid`, hear `name/domid`.
   */
  fireSpecial(name: string, domid: number): void {
    const node = this.#find(name);
    if (!node) return;
    const withDomid = `${name}/${domid}`;
    const permitted = ({ watcher: { caller } }: Watch): boolean =>
      (accessOf(node.perms, caller) & Access.read) !== 0;
    for (const watch of this.#byPath.get(name) ?? []) {
      if (watch.depth === 0 || !permitted(watch)) continue;
      send(watch, watch.depth === NO_DEPTH_LIMIT ? name : withDomid);
    }
    for (const watch of this.#byPath.get(withDomid) ?? []) {
      if (permitted(watch)) send(watch, withDomid);
    }
  }

  #mayHear(
    caller: Caller,
    path: string,
    node: StoreNode | undefined,
    oldPerms: Permissions | undefined,
  ): boolean {
    if (caller.privileged) return true;
    const readable = (perms: Permissions | undefined): boolean =>
      perms !== undefined && (accessOf(perms, caller) & Access.read) !== 0;
    if (readable(oldPerms)) return true;
    const present = node ?? this.#find(path);
    if (!present) return false;
    return readable(present.perms) || readable(this.#find(parentOf(path))?.perms);
  }

  #unlink(watch: Watch): void {
    const here = this.#byPath.get(watch.path) ?? [];
    here.splice(here.indexOf(watch), 1);
    if (here.length === 0) this.#byPath.delete(watch.path);
    this.#book(watch, -1);
  }

  #book(watch: Watch, sign: 1 | -1): void {
    const usage = this.#accounts.usage(watch.watcher.caller.domid);
    usage.watches += sign;
    usage.memory += sign * (watch.path.length + watch.token.length);
  }
}

function send(watch: Watch, path: string): void {
  const { calledPath, prefixLength } = watch;
  const told =
    calledPath === undefined
      ? path.slice(prefixLength)
      : calledPath + path.slice(watch.path.length);
  watch.watcher.event(told, watch.token);
}
