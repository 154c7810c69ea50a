import { DOM0, DOMID_SELF, domainHome, parseDomid } from '../caller.ts';
import { onlyString, splitStrings } from '../codec.ts';
import { isQuotaName, quotaNames } from '../quota.ts';
import { acknowledge, textReply, type Reply, type Request } from './request.ts';

const DECIMAL = /^\d{1,10}$/;
/** The gfn is a signed decimal (Xen's documentation marks it with an exclamation mark too). */
const SIGNED_DECIMAL = /^-?\d{1,20}$/;

export function serveIntroduce({ services, payload }: Request): Reply {
  const [domidText, gfnText, portText] = splitStrings(payload);
  const domid = parseDomid(domidText ?? '');
  if (domid === undefined || domid === DOM0) return 'EINVAL';
  if (!SIGNED_DECIMAL.test(gfnText ?? '') || !DECIMAL.test(portText ?? '')) return 'EINVAL';
  const port = Number(portText);
  return port > 0
    ? acknowledge(services.domains.introduce(domid, Number(gfnText), port))
    : 'EINVAL';
}

export function serveRelease({ services, payload }: Request): Reply {
  const domid = guestDomid(payload);
  return domid === undefined ? 'EINVAL' : acknowledge(services.domains.release(domid));
}

export function serveResume({ services, payload }: Request): Reply {
  const domid = guestDomid(payload);
  return domid === undefined ? 'EINVAL' : acknowledge(services.domains.resume(domid));
}

export function serveSetTarget({ services, payload }: Request): Reply {
  const [domidText, targetText] = splitStrings(payload);
  const domid = parseDomid(domidText ?? '');
  const target = parseDomid(targetText ?? '');
  if (domid === undefined || target === undefined) return 'EINVAL';
  return acknowledge(services.domains.setTarget(domid, target));
}

export function serveGetDomainPath({ payload }: Request): Reply {
  const domid = parseDomid(onlyString(payload) ?? '');
  return domid === undefined ? 'EINVAL' : textReply(domainHome(domid));
}

export function serveIsDomainIntroduced({ services, payload }: Request): Reply {
  const domid = parseDomid(onlyString(payload) ?? '');
  if (domid === undefined) return 'EINVAL';
  return textReply(domid === DOMID_SELF || services.domains.isIntroduced(domid) ? 'T' : 'F');
}

/** Without a domid: the caller's own features, for everyone. */
export function serveGetFeature({ services, session, payload }: Request): Reply {
  const [domidText, ...rest] = splitStrings(payload);
  if (domidText === undefined || domidText === '') {
    return textReply(String(services.domains.features(session.caller.domid)));
  }
  if (!session.caller.privileged) return 'EACCES';
  const domid = parseDomid(domidText);
  if (domid === undefined || rest.length > 0) return 'EINVAL';
  return textReply(String(services.domains.features(domid)));
}

export function serveSetFeature({ services, payload }: Request): Reply {
  const [domidText, featuresText, ...rest] = splitStrings(payload);
  const domid = parseDomid(domidText ?? '');
  if (domid === undefined || rest.length > 0 || !DECIMAL.test(featuresText ?? '')) return 'EINVAL';
  return acknowledge(services.domains.setFeatures(domid, Number(featuresText)));
}

/** Without arguments: the names of all quotas; else the value of one, global or a domain's. */
export function serveGetQuota({ services: { accounts }, payload }: Request): Reply {
  const args = splitStrings(payload).filter((text) => text !== '');
  if (args.length === 0) return textReply(quotaNames.join(' '));
  if (args.length > 2) return 'EINVAL';
  const name = args.at(-1) ?? '';
  if (!isQuotaName(name)) return 'EINVAL';
  if (args.length === 1) return textReply(String(accounts.defaults[name]));
  const domid = parseDomid(args[0] ?? '');
  return domid === undefined ? 'EINVAL' : textReply(String(accounts.limits(domid)[name]));
}

export function serveSetQuota({ services: { accounts }, payload }: Request): Reply {
  const args = splitStrings(payload);
  const [name, value] = args.slice(-2);
  if (args.length < 2 || args.length > 3 || name === undefined || value === undefined) {
    return 'EINVAL';
  }
  if (!isQuotaName(name) || !DECIMAL.test(value)) return 'EINVAL';
  if (args.length === 2) accounts.defaults[name] = Number(value);
  else {
    const domid = parseDomid(args[0] ?? '');
    if (domid === undefined) return 'EINVAL';
    accounts.setLimits(domid, { [name]: Number(value) });
  }
  return acknowledge('OK');
}

function guestDomid(payload: Buffer): number | undefined {
  const domid = parseDomid(onlyString(payload) ?? '');
  return domid === DOM0 ? undefined : domid;
}
