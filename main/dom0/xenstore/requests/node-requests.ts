import { onlyString, splitStrings } from '../codec.ts';
import type { Errno } from '../errno.ts';
import type { StoreNode } from '../node.ts';
import { lookup, mkdir, rm, setPerms, write } from '../operations.ts';
import { resolvePath } from '../path.ts';
import { Access, formatPermissions, parsePermissions } from '../permissions.ts';
import { PAYLOAD_MAX_BYTES } from '../wire.ts';
import { acknowledge, type Reply, type Request } from './request.ts';

export function serveRead(request: Request): Reply {
  const pathText = onlyString(request.payload);
  const node = readable(request, pathText);
  if (typeof node === 'string') return node;
  const { services, session } = request;
  services.reads.saw(session.caller.domid, resolve(request, pathText) ?? '');
  return node.value;
}

export function serveDirectory(request: Request): Reply {
  const node = readable(request, onlyString(request.payload));
  if (typeof node === 'string') return node;
  return node.childListBytes > PAYLOAD_MAX_BYTES ? 'E2BIG' : { text: childList(node) };
}

/**
 * A part of a long list of children, from a byte offset, after the node's generation. The end of
 * the list is told by an empty name.
 */
export function serveDirectoryPart(request: Request): Reply {
  const [path, offsetText, ...rest] = splitStrings(request.payload);
  if (offsetText === undefined || rest.length > 0 || !/^\d{1,10}$/.test(offsetText))
    return 'EINVAL';
  const node = readable(request, path);
  if (typeof node === 'string') return node;
  const list = childList(node);
  const offset = Number(offsetText);
  const head = `${node.generation}\0`;
  if (offset >= list.length) return { text: `${head}\0` };
  const room = PAYLOAD_MAX_BYTES - head.length - 1;
  if (list.length - offset <= room) return { text: `${head}${list.slice(offset)}\0` };
  const end = list.lastIndexOf('\0', offset + room - 1) + 1;
  return { text: head + list.slice(offset, end) };
}

export function serveWrite(request: Request): Reply {
  const { payload } = request;
  const end = payload.indexOf(0);
  if (end < 0) return 'EINVAL';
  const path = resolve(request, payload.toString('latin1', 0, end));
  if (path === undefined) return 'EINVAL';
  const value = new Uint8Array(payload.subarray(end + 1));
  return acknowledge(write(request.space, request.session.caller, path, value));
}

export function serveMkdir(request: Request): Reply {
  const path = resolve(request, onlyString(request.payload));
  if (path === undefined) return 'EINVAL';
  return acknowledge(mkdir(request.space, request.session.caller, path));
}

export function serveRm(request: Request): Reply {
  const path = resolve(request, onlyString(request.payload));
  if (path === undefined) return 'EINVAL';
  return acknowledge(rm(request.space, request.session.caller, path));
}

export function serveGetPerms(request: Request): Reply {
  const node = readable(request, onlyString(request.payload), true);
  if (typeof node === 'string') return node;
  return {
    text: formatPermissions(node.perms)
      .map((entry) => `${entry}\0`)
      .join(''),
  };
}

export function serveSetPerms(request: Request): Reply {
  const [pathText, ...entries] = splitStrings(request.payload);
  const perms = parsePermissions(entries);
  const path = resolve(request, pathText, true);
  if (!perms || path === undefined) return 'EINVAL';
  return acknowledge(setPerms(request.space, request.session.caller, path, perms));
}

function resolve(
  { session: { caller }, services: { accounts } }: Request,
  path: string | undefined,
  allowSpecial = false,
): string | undefined {
  if (path === undefined) return undefined;
  return resolvePath(path, caller, accounts.limits(caller.domid)['path-max'], allowSpecial);
}

function readable(
  request: Request,
  pathText: string | undefined,
  allowSpecial = false,
): StoreNode | Errno {
  const path = resolve(request, pathText, allowSpecial);
  if (path === undefined) return 'EINVAL';
  return lookup(request.space, request.session.caller, path, Access.read);
}

function childList(node: StoreNode): string {
  let list = '';
  for (const name of node.childNames()) list += `${name}\0`;
  return list;
}
