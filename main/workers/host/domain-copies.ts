/** A domain into a file, or into another domain of this machine: no link between hosts is crossed. */
import { DomusError } from '../../../shared/errors.ts';
import type { Terms } from '../../migration/index.ts';
import type { HostCalls, MoveReport } from '../../toolstack/control/host.contract.ts';
import type { HostedDomain } from './hosted-domain.ts';

/** Nobody else wants what this takes: the reader alone sets the pace. */
const UNPACED: Terms = {
  pace: { least: 1e11, most: 1e11 },
  linkRate: 1e11,
  autoConverge: false,
  maxDowntimeMs: null,
  allowLongerStop: true,
};

/** Leaves it stopped; when this fails it is as it was. */
export async function copyOut(
  find: () => HostedDomain,
  {
    link,
    code,
    peerDoorbell,
    isPaused,
    stopFirst = false,
    quietly = false,
  }: Omit<HostCalls['domain.copyOut']['params'], 'domid'>,
): Promise<MoveReport> {
  let domain: HostedDomain | null = null;
  try {
    domain = find();
    if (stopFirst) await domain.pause();
    const live = await domain.presend({ link, code }, UNPACED, peerDoorbell && { peerDoorbell });
    if (quietly && domain.conversing) throw conversing(domain.spec.name);
    return { ...(await domain.send()), ...live };
  } catch (error) {
    // Nothing where the domain's thread has it: then that says why.
    link.close();
    if (domain) await goOn(domain, isPaused).catch(() => undefined);
    throw error;
  }
}

export async function goOn(domain: HostedDomain, paused: boolean): Promise<{ atMs: number }> {
  if (!paused) return { atMs: (await domain.goOn()).startedAtMs };
  domain.takeUp();
  return { atMs: performance.timeOrigin + performance.now() };
}

function conversing(name: string): DomusError {
  return new DomusError(
    'domain.conversing',
    `Domain ${name} was in the middle of a request to xenstore when it was stopped. Try again.`,
    { data: { domain: name } },
  );
}
