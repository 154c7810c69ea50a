import { DOMID_ANY, parseDomid, type Caller } from './caller.ts';

/** Bits of an access right. */
export const Access = { none: 0, read: 1, write: 2, owner: 4 } as const;
const EVERYTHING = Access.read | Access.write | Access.owner;

/** One entry of a node's permission list. */
export interface Permission {
  readonly domid: number;
  /** `Access.read`, `Access.write`, both or none. */
  readonly access: number;
}

/**
 * A node's permission list, never empty. The first entry names the owner, who may do everything;
 * its access is what domains without an entry of their own get.
 */
export type Permissions = readonly [Permission, ...Permission[]];

const letters = ['n', 'r', 'w', 'b'] as const;

/** Reads `r5` and the like: a letter of `nrwb` and a domid. */
export function parsePermission(text: string): Permission | undefined {
  const access = letters.indexOf(text.charAt(0) as (typeof letters)[number]);
  const domid = parseDomid(text.slice(1));
  return access < 0 || domid === undefined ? undefined : { domid, access };
}

/** Reads a permission list; `undefined` if it is empty or an entry is malformed. */
export function parsePermissions(texts: readonly string[]): Permissions | undefined {
  const entries: Permission[] = [];
  for (const text of texts) {
    const entry = parsePermission(text);
    if (!entry) return undefined;
    entries.push(entry);
  }
  const [owner, ...others] = entries;
  return owner && [owner, ...others];
}

/** Writes a permission list as xenstore does: `['n0', 'r5']`. */
export function formatPermissions(perms: Permissions): string[] {
  return perms.map(({ domid, access }) => `${letters[access & 3] ?? 'n'}${domid}`);
}

/** The rights a caller has on a node: bits of {@link Access}. */
export function accessOf(perms: Permissions, caller: Caller): number {
  if (caller.privileged || concerns(perms[0], caller)) return EVERYTHING;
  for (let i = 1; i < perms.length; i++) {
    const entry = perms[i];
    if (entry && concerns(entry, caller)) return entry.access;
  }
  return perms[0].access;
}

function concerns(entry: Permission, caller: Caller): boolean {
  return entry.domid === caller.domid || entry.domid === caller.target || entry.domid === DOMID_ANY;
}

/** The list that a new child of a node with `perms` gets: a guest owns what it creates. */
export function inheritPermissions(perms: Permissions, creator: Caller): Permissions {
  if (creator.privileged || perms[0].domid === creator.domid) return perms;
  const [owner, ...others] = perms;
  return [{ domid: creator.domid, access: owner.access }, ...others];
}
