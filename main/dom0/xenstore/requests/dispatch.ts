import type { XenstoreMessage } from '../codec.ts';
import { encodeMessage } from '../codec.ts';
import type { Session } from '../session.ts';
import type { Watcher } from '../watch-registry.ts';
import { PAYLOAD_MAX_BYTES, XsType } from '../wire.ts';
import { serveControl } from './control-requests.ts';
import * as domain from './domain-requests.ts';
import * as node from './node-requests.ts';
import type { Reply, Request, RequestKind, StoreServices } from './request.ts';
import * as session from './session-requests.ts';

const kinds: Readonly<Partial<Record<number, RequestKind>>> = {
  [XsType.control]: { serve: serveControl, privileged: true },
  [XsType.directory]: { serve: node.serveDirectory },
  [XsType.read]: { serve: node.serveRead },
  [XsType.getPerms]: { serve: node.serveGetPerms },
  [XsType.watch]: { serve: session.serveWatch, ignoresTransaction: true },
  [XsType.unwatch]: { serve: session.serveUnwatch, ignoresTransaction: true },
  [XsType.transactionStart]: { serve: session.serveTransactionStart },
  [XsType.transactionEnd]: { serve: session.serveTransactionEnd },
  [XsType.introduce]: { serve: domain.serveIntroduce, privileged: true },
  [XsType.release]: { serve: domain.serveRelease, privileged: true },
  [XsType.getDomainPath]: { serve: domain.serveGetDomainPath },
  [XsType.write]: { serve: node.serveWrite },
  [XsType.mkdir]: { serve: node.serveMkdir },
  [XsType.rm]: { serve: node.serveRm },
  [XsType.setPerms]: { serve: node.serveSetPerms },
  [XsType.isDomainIntroduced]: { serve: domain.serveIsDomainIntroduced, privileged: true },
  [XsType.resume]: { serve: domain.serveResume, privileged: true },
  [XsType.setTarget]: { serve: domain.serveSetTarget, privileged: true },
  [XsType.resetWatches]: { serve: session.serveResetWatches },
  [XsType.directoryPart]: { serve: node.serveDirectoryPart },
  [XsType.getFeature]: { serve: domain.serveGetFeature },
  [XsType.setFeature]: { serve: domain.serveSetFeature, privileged: true },
  [XsType.getQuota]: { serve: domain.serveGetQuota, privileged: true },
  [XsType.setQuota]: { serve: domain.serveSetQuota, privileged: true },
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
  if (typeof reply === 'string') return encodeMessage(XsType.error, reqId, txId, `${reply}\0`);
  const payload = reply instanceof Uint8Array ? reply : reply.text;
  if (payload.length > PAYLOAD_MAX_BYTES) return encodeReply(type, reqId, txId, 'E2BIG');
  return encodeMessage(type, reqId, txId, payload);
}
