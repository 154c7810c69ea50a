import type { XenstoreMessage } from '../codec.ts';
import { encodeMessage } from '../codec.ts';
import type { Session } from '../session.ts';
import type { Watcher } from '../watch-registry.ts';
import { PAYLOAD_MAX_BYTES, XsType } from '../xs-wire.abi.ts';
import { serveControl } from './control-requests.ts';
import * as domain from './domain-requests.ts';
import * as node from './node-requests.ts';
import type { Reply, Request, RequestKind, StoreServices } from './request.ts';
import * as session from './session-requests.ts';

const kinds: Readonly<Partial<Record<number, RequestKind>>> = {
  [XsType.CONTROL]: { serve: serveControl, privileged: true },
  [XsType.DIRECTORY]: { serve: node.serveDirectory },
  [XsType.READ]: { serve: node.serveRead },
  [XsType.GET_PERMS]: { serve: node.serveGetPerms },
  [XsType.WATCH]: { serve: session.serveWatch, ignoresTransaction: true },
  [XsType.UNWATCH]: { serve: session.serveUnwatch, ignoresTransaction: true },
  [XsType.TRANSACTION_START]: { serve: session.serveTransactionStart },
  [XsType.TRANSACTION_END]: { serve: session.serveTransactionEnd },
  [XsType.INTRODUCE]: { serve: domain.serveIntroduce, privileged: true },
  [XsType.RELEASE]: { serve: domain.serveRelease, privileged: true },
  [XsType.GET_DOMAIN_PATH]: { serve: domain.serveGetDomainPath },
  [XsType.WRITE]: { serve: node.serveWrite },
  [XsType.MKDIR]: { serve: node.serveMkdir },
  [XsType.RM]: { serve: node.serveRm },
  [XsType.SET_PERMS]: { serve: node.serveSetPerms },
  [XsType.IS_DOMAIN_INTRODUCED]: { serve: domain.serveIsDomainIntroduced, privileged: true },
  [XsType.RESUME]: { serve: domain.serveResume, privileged: true },
  [XsType.SET_TARGET]: { serve: domain.serveSetTarget, privileged: true },
  [XsType.RESET_WATCHES]: { serve: session.serveResetWatches },
  [XsType.DIRECTORY_PART]: { serve: node.serveDirectoryPart },
  [XsType.GET_FEATURE]: { serve: domain.serveGetFeature },
  [XsType.SET_FEATURE]: { serve: domain.serveSetFeature, privileged: true },
  [XsType.GET_QUOTA]: { serve: domain.serveGetQuota, privileged: true },
  [XsType.SET_QUOTA]: { serve: domain.serveSetQuota, privileged: true },
};

/**
 * Serves one request. The reply echoes the request's type, id and transaction; an error has a type
 * of its own. A type unknown to us is answered with ENOSYS.
 *
 * @param reply takes the encoded reply. Watch events that the request causes are queued before it,
 *   the first event of a new watch after it, as in xenstored
 */
export function dispatch(
  services: StoreServices,
  client: Session,
  watcher: Watcher,
  message: XenstoreMessage,
  reply: (bytes: Buffer) => void,
): void {
  const { type, reqId, txId, payload } = message;
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  const transaction = txId === 0 || kind?.ignoresTransaction ? undefined : client.transaction(txId);
  const request: Request = {
    services,
    session: client,
    watcher,
    space: transaction ?? services.tree,
    transaction,
    payload,
  };
  reply(encodeReply(type, reqId, txId, serve(kind, request, txId)));
  request.afterReply?.();
}

function serve(kind: RequestKind | undefined, request: Request, txId: number): Reply {
  if (!kind) return 'ENOSYS';
  if (kind.privileged && !request.session.caller.privileged) return 'EACCES';
  const { transaction } = request;
  if (txId !== 0 && !kind.ignoresTransaction && !transaction) return 'ENOENT';
  const failedBefore = transaction?.failed;
  const reply = kind.serve(request);
  return transaction?.failed && !failedBefore ? 'ENOSPC' : reply;
}

function encodeReply(type: number, reqId: number, txId: number, reply: Reply): Buffer {
  if (typeof reply === 'string') return encodeMessage(XsType.ERROR, reqId, txId, `${reply}\0`);
  const payload = reply instanceof Uint8Array ? reply : reply.text;
  if (payload.length > PAYLOAD_MAX_BYTES) return encodeReply(type, reqId, txId, 'E2BIG');
  return encodeMessage(type, reqId, txId, payload);
}
