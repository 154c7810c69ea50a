import { domainHome } from './caller.ts';
import { encodeEvent, MessageReader } from './codec.ts';
import {
  fromBase64,
  refuse,
  toBase64,
  type DomainState,
  type SavedConnection,
  type SavedNode,
} from './domain-state.ts';
import { XenstoreError } from './errno.ts';
import { isAtOrBelow } from './path.ts';
import { XsType } from './wire.ts';

/** Who a clone is. */
export interface NewIdentity {
  readonly domid: number;
  readonly uuid: string;
  readonly name: string;
  /** It keeps its disks and interfaces, connected as they are. */
  readonly keepsDevices?: boolean;
  /** Of interfaces that are kept, by handle. */
  readonly macs?: ReadonlyMap<number, string>;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/**
 * Directories in which a guest tells of itself (addresses, names, errors); a clone has yet to. What
 * its kernel said once, at boot, stays: `control/feature-*`, `feature`, `drivers`.
 */
const GUEST_REPORTS = ['attr', 'data', 'error'];
/** Nodes whose values belong to the old life, below the domain's home. */
const EMPTIED = ['control/shutdown', 'control/sysrq', 'device/suspend/event-channel'];
/** Devices a clone keeps. Disks and network interfaces have identities of their own (MAC address). */
const KEPT_DEVICES = ['console', 'suspend'];

/**
 * Makes a saved domain another one: its trees move, paths within values, watches, transactions and
 * waiting events follow, and what would betray the old domain is dropped.
 *
 * @throws XenstoreError EBUSY if the domain was saved in the middle of a conversation: a half-sent
 *   request or an unread reply may hold its old name, and no one can tell. Save it when it is idle
 */
export function withNewIdentity(state: DomainState, identity: NewIdentity): DomainState {
  if (!UUID.test(identity.uuid)) throw refuse(`uuid: ${JSON.stringify(identity.uuid)} is no UUID`);
  const rename = new Renaming(state, identity);
  const nodes = state.nodes.filter(({ path }) =>
    keeps(state.domid, path, identity.keepsDevices ?? false),
  );
  return {
    ...state,
    domid: identity.domid,
    roots: state.roots.map((root) => rename.path(root)),
    nodes: nodes.map((node) => rename.node(node)),
    connection: state.connection && renameConnection(state.connection, rename, state.domid),
    target: state.target === state.domid ? identity.domid : null,
    formerly: identity.keepsDevices ? formerNumbers(state, identity) : [],
  };
}

class Renaming {
  readonly #from: number;
  readonly #to: NewIdentity;
  readonly #prefixes: (readonly [string, string])[];
  readonly #values: ReadonlyMap<string, string>;

  constructor({ domid, roots }: DomainState, to: NewIdentity) {
    this.#from = domid;
    this.#to = to;
    this.#prefixes = roots.map((root) => [root, renamedRoot(root, domid, to)] as const);
    const [home, vm] = [domainHome(to.domid), `/vm/${to.uuid}`];
    this.#values = new Map([
      [`${home}/domid`, String(to.domid)],
      [`${home}/name`, to.name],
      [`${home}/vm`, vm],
      [`${vm}/name`, to.name],
      [`${vm}/uuid`, to.uuid],
      ...EMPTIED.map((path) => [`${home}/${path}`, ''] as const),
    ]);
  }

  /** As its guest, which knows its back ends by their old paths for good, is told of them. */
  watched(path: string): string {
    return this.#to.keepsDevices && path.startsWith(`${domainHome(0)}/backend/`)
      ? path
      : this.path(path);
  }

  #mac(newPath: string): string | undefined {
    const [, handle] = /\/vif\/(?:\d+\/)?(\d+)\/mac$/.exec(newPath) ?? [];
    return handle === undefined ? undefined : this.#to.macs?.get(Number(handle));
  }

  path(path: string): string {
    for (const [from, to] of this.#prefixes) {
      if (isAtOrBelow(path, from)) return to + path.slice(from.length);
    }
    return path;
  }

  node({ path, value, perms }: SavedNode): SavedNode {
    const newPath = this.path(path);
    const fixed = this.#values.get(newPath) ?? this.#mac(newPath);
    return {
      path: newPath,
      value: fixed === undefined ? this.value(newPath, value) : toBase64(Buffer.from(fixed)),
      perms: this.perms(perms),
    };
  }

  /** A value that is a path moves along; `frontend-id` names the domain, `tty` the old terminal. */
  value(newPath: string, value: string): string {
    const text = fromBase64(value).toString('latin1');
    if (newPath.endsWith('/frontend-id') && text === String(this.#from)) {
      return toBase64(Buffer.from(String(this.#to.domid)));
    }
    if (newPath.endsWith('/tty')) return '';
    return text.startsWith('/') ? toBase64(Buffer.from(this.path(text), 'latin1')) : value;
  }

  perms(perms: readonly string[]): string[] {
    const own = String(this.#from);
    return perms.map((entry) => (entry.slice(1) === own ? `${entry[0]}${this.#to.domid}` : entry));
  }
}

function renamedRoot(root: string, domid: number, to: NewIdentity): string {
  if (root.startsWith('/vm/')) return `/vm/${to.uuid}`;
  return root.endsWith(`/${domid}`) ? `${root.slice(0, -String(domid).length)}${to.domid}` : root;
}

/** Not its own: it may have that one's back. */
function formerNumbers({ domid, formerly }: DomainState, to: NewIdentity): number[] {
  return [...new Set([...formerly, domid])].filter((number) => number !== to.domid);
}

function keeps(domid: number, path: string, keepsDevices: boolean): boolean {
  const home = `${domainHome(domid)}/`;
  const [, backendKind] = /^\/local\/domain\/0\/backend\/([^/]+)/.exec(path) ?? [];
  const [, libxlKind] = /^\/libxl\/\d+\/device\/([^/]+)/.exec(path) ?? [];
  const kind = backendKind ?? libxlKind;
  if (kind !== undefined) return keepsDevices || KEPT_DEVICES.includes(kind);
  if (/^\/vm\/[^/]+\/start_time$/.test(path)) return false;
  if (!path.startsWith(home)) return true;
  const [first = '', second] = path.slice(home.length).split('/');
  if (first === 'device') {
    return keepsDevices || second === undefined || KEPT_DEVICES.includes(second);
  }
  if (first === 'platform') return second !== 'generation-id';
  return second === undefined || !GUEST_REPORTS.includes(first);
}

function renameConnection(
  connection: SavedConnection,
  rename: Renaming,
  domid: number,
): SavedConnection {
  const output = connection.output.map((encoded) => renameEvent(encoded, rename, domid));
  if (connection.input !== '' || connection.outputHead !== '') throw busy(domid);
  return {
    ...connection,
    output,
    watches: connection.watches.map((watch) => ({ ...watch, path: rename.watched(watch.path) })),
    transactions: connection.transactions.map((transaction) => ({
      ...transaction,
      accesses: transaction.accesses.map(({ path, permsBefore, node, ...access }) => ({
        ...access,
        path: rename.path(path),
        permsBefore: permsBefore && rename.perms(permsBefore),
        node: node && {
          ...node,
          value: rename.value(rename.path(path), node.value),
          perms: rename.perms(node.perms),
        },
      })),
      changes: transaction.changes.map((change) => ({ ...change, path: rename.path(change.path) })),
    })),
  };
}

function renameEvent(encoded: string, rename: Renaming, domid: number): string {
  const reader = new MessageReader();
  reader.feed(fromBase64(encoded));
  const message = reader.next();
  if (message?.type !== XsType.watchEvent) throw busy(domid);
  const [path = '', token = ''] = message.payload.toString('latin1').split('\0');
  return toBase64(encodeEvent(rename.watched(path), token));
}

function busy(domid: number): XenstoreError {
  return new XenstoreError(
    'EBUSY',
    'clone domain',
    String(domid),
    'it was saved in the middle of a xenstore request; let it run for a moment and save it again',
  );
}
