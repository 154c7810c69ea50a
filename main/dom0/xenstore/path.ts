import type { Caller } from './caller.ts';
import { ABSOLUTE_PATH_MAX_BYTES } from './wire.ts';

/** Slash-separated words of alphanumerics and `-_@`; no empty word, no trailing slash. */
const ABSOLUTE = /^\/(?:[\w@-]+(?:\/[\w@-]+)*)?$/;
const SPECIAL = /^@[\w@-]*(?:\/[\w@-]+)*$/;
/** What is before a domain's number, the number, what is after. */
const OWN_BACKEND = /^(\/local\/domain\/0\/backend\/[^/]+\/)(\d{1,5})((?:\/.*)?)$/;
const DOMAIN_PREFIX = /^\/local\/domain\/\d{1,5}\//;

/** Fired when a domain is introduced. */
export const INTRODUCE_DOMAIN = '@introduceDomain';
/** Fired when a domain goes: release, shutdown, crash, suspend. */
export const RELEASE_DOMAIN = '@releaseDomain';

/** Whether a path is relative to the caller's home: neither absolute nor one of the `@` names. */
export function isRelative(path: string): boolean {
  return !path.startsWith('/') && !path.startsWith('@');
}

/**
 * Makes the absolute path of what a caller wrote; `undefined` if it is malformed or too long.
 *
 * @param maxBytes limit of the part below a domain's home, 0 for none (Xen's quota `path-max`;
 *   it binds guests only, the absolute limit of 3072 binds everyone)
 * @param allowSpecial whether `@introduceDomain` and the like are paths here
 */
export function resolvePath(
  path: string,
  caller: Caller,
  maxBytes: number,
  allowSpecial = false,
): string | undefined {
  const special = path.startsWith('@');
  if (path === '' || (special && !allowSpecial)) return undefined;
  const given = special || path.startsWith('/') ? path : `${caller.home}/${path}`;
  const absolute = caller.formerly.length === 0 ? given : withPresentNumber(given, caller);
  if (absolute.length > ABSOLUTE_PATH_MAX_BYTES) return undefined;
  if (!(special ? SPECIAL : ABSOLUTE).test(absolute)) return undefined;
  if (!caller.privileged && maxBytes > 0 && absolute.length > maxBytes) {
    const prefixBytes = DOMAIN_PREFIX.exec(absolute)?.[0].length ?? 0;
    if (absolute.length - prefixBytes > maxBytes) return undefined;
  }
  return absolute;
}

/** What a watcher calls a path, where that is neither the path nor the end of it. */
export function calledOtherwise(path: string, absolute: string): string | undefined {
  return isRelative(path) || path === absolute ? undefined : path;
}

/** A back end that a driver found before its domain was copied is that of the copy. */
function withPresentNumber(path: string, { domid, formerly }: Caller): string {
  const [, before, number, after] = OWN_BACKEND.exec(path) ?? [];
  const isFormer = number !== undefined && formerly.includes(Number(number));
  return isFormer ? `${before}${domid}${after}` : path;
}

/** The parent of an absolute path; the root's and a special name's is the root. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

/** The last word of an absolute path. */
export function leafOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The path of a child. */
export function childPath(parent: string, leaf: string): string {
  return parent === '/' ? `/${leaf}` : `${parent}/${leaf}`;
}

/** Whether `path` is `ancestor` or lies below it. */
export function isAtOrBelow(path: string, ancestor: string): boolean {
  return (
    path.startsWith(ancestor) &&
    (path.length === ancestor.length || ancestor === '/' || path[ancestor.length] === '/')
  );
}
