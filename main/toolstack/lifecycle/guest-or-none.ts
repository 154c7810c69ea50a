import { requireUnprotected } from '../protection/why-not-protect.ts';
import { wrongState } from '../domains/life.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { RunningDomain } from '../domains/running-domain.ts';

/** Its guest, if it has one that can take and give devices. Errors `domain.busy`, `domain.wrong-state`, `domain.protected`. */
export function guestOrNone(domain: ManagedDomain, participle: string): RunningDomain | null {
  domain.requireIdle();
  requireUnprotected(domain, participle);
  // The memory of a saved one fits the devices that it had.
  if (domain.state === 'saved') throw wrongState(domain.name, domain.state, participle);
  if (!domain.running || domain.state === 'running') return domain.running;
  throw wrongState(domain.name, domain.state, participle);
}
