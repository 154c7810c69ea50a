/** On whose behalf a request runs. */
export interface Caller {
  readonly domid: number;
  /** Domain 0 and clients of its socket: permissions and quotas do not apply. */
  readonly privileged: boolean;
  /** Prefix of relative paths, `/local/domain/N`; empty for socket clients, who have no home. */
  readonly home: string;
  /** A domain whose rights this one has too (`SET_TARGET`, a device model's stub domain). */
  target: number | undefined;
  /**
   * Numbers that its guest was known by before it was copied. Its drivers hold paths of their back ends
   * with them, for good: what it says of those means its own.
   */
  formerly: readonly number[];
}

/** Domain 0's id. */
export const DOM0 = 0;
/** The highest value of a domid field. */
export const DOMID_MAX = 0xffff;
/** `DOMID_ANY`: in a permission entry it stands for every domain. */
export const DOMID_ANY = 0x7ff4;
/** `DOMID_SELF`: the caller. */
export const DOMID_SELF = 0x7ff0;

/** A domain's home in the store. */
export function domainHome(domid: number): string {
  return `/local/domain/${domid}`;
}

/** A guest, as its requests arrive over its ring. */
export function guestCaller(domid: number): Caller {
  return {
    domid,
    privileged: domid === DOM0,
    home: domainHome(domid),
    target: undefined,
    formerly: [],
  };
}

/** Domain 0's services and the clients of its socket. */
export function privilegedCaller(): Caller {
  return { domid: DOM0, privileged: true, home: '', target: undefined, formerly: [] };
}

/** Reads a decimal domid, 0 to 65535; anything else is `undefined`. */
export function parseDomid(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const domid = Number(text);
  return domid <= DOMID_MAX ? domid : undefined;
}
