import { onlyString, splitStrings } from '../codec.ts';
import { calledOtherwise, isRelative, resolvePath } from '../path.ts';
import { exceeds } from '../quota.ts';
import { NO_DEPTH_LIMIT, type Watch } from '../watch-registry.ts';
import { XsFeature } from '../wire.ts';
import { acknowledge, textReply, type Reply, type Request } from './request.ts';

export function serveWatch(request: Request): Reply {
  const { services, session, watcher } = request;
  const [pathText, token, depthText, ...rest] = splitStrings(request.payload);
  if (pathText === undefined || token === undefined || rest.length > 0) return 'EINVAL';
  if (depthText !== undefined && !isDepth(request, depthText)) return 'EINVAL';
  const path = watchPath(request, pathText);
  if (path === undefined) return 'EINVAL';
  const { caller } = session;
  const watch: Watch = {
    watcher,
    path,
    token,
    depth: depthText === undefined ? NO_DEPTH_LIMIT : Number(depthText),
    prefixLength: isRelative(pathText) ? caller.home.length + 1 : 0,
    calledPath: calledOtherwise(pathText, path),
  };
  const refusal = refuseWatch(request, watch);
  if (refusal) return refusal;
  services.watches.add(watch);
  request.afterReply = () => services.watches.fireFirst(watch);
  return acknowledge('OK');
}

/** A third parameter is known only to guests that were offered the feature. */
function isDepth({ services, session }: Request, text: string): boolean {
  const offered = services.domains.features(session.caller.domid) & XsFeature.watchDepth;
  return offered !== 0 && /^\d{1,9}$/.test(text);
}

function refuseWatch(request: Request, watch: Watch): 'EEXIST' | 'ENOSPC' | 'ENOMEM' | undefined {
  const { services, session, watcher } = request;
  const { caller } = session;
  const own = services.watches.of(watcher);
  if (own.some(({ path, token }) => path === watch.path && token === watch.token)) return 'EEXIST';
  if (caller.privileged) return undefined;
  const limits = services.accounts.limits(caller.domid);
  const usage = services.accounts.usage(caller.domid);
  if (exceeds(limits.watches, own.length + 1)) return 'ENOSPC';
  const bytes = watch.path.length + watch.token.length;
  return exceeds(limits.memory, usage.memory + bytes) ? 'ENOMEM' : undefined;
}

export function serveUnwatch(request: Request): Reply {
  const [pathText, token, ...rest] = splitStrings(request.payload);
  if (pathText === undefined || token === undefined || rest.length > 0) return 'EINVAL';
  const path = watchPath(request, pathText);
  if (path === undefined) return 'EINVAL';
  return request.services.watches.remove(request.watcher, path, token)
    ? acknowledge('OK')
    : 'ENOENT';
}

/** A PVHVM kernel that boots (again) gets rid of what its predecessor left. */
export function serveResetWatches({ services, session, watcher }: Request): Reply {
  services.watches.removeAll(watcher);
  session.discardAll();
  return acknowledge('OK');
}

export function serveTransactionStart({ session, transaction }: Request): Reply {
  if (transaction) return 'EBUSY';
  const started = session.start();
  return typeof started === 'string' ? started : textReply(String(started.id));
}

export function serveTransactionEnd({ session, transaction, payload }: Request): Reply {
  const verdict = onlyString(payload);
  if (verdict !== 'T' && verdict !== 'F') return 'EINVAL';
  if (!transaction) return 'ENOENT';
  return acknowledge(session.end(transaction, verdict === 'T'));
}

function watchPath({ session, services }: Request, pathText: string): string | undefined {
  const { caller } = session;
  return resolvePath(pathText, caller, services.accounts.limits(caller.domid)['path-max'], true);
}
