/** A domain's hypervisor side, once or every second, with the rates of the second that passed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DomainInside } from '../../../shared/contract/index.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { RunningDomain } from '../domains/running-domain.ts';
import { DomainCounter, hypercallName } from '../../hypervisor/index.ts';

const EVERY_MS = 1000;
const HYPERCALLS = 64;

/** Rates are over the domain's life. Error `domain.not-running`. */
export function inside(domain: ManagedDomain): Promise<DomainInside> {
  return ask(domain.worker);
}

/** Ends when the domain does. Error `domain.not-running`. */
export function watchInside(
  domain: ManagedDomain,
  signal: AbortSignal | undefined,
): AsyncGenerator<DomainInside, void, void> {
  return eachSecond(domain.worker, signal);
}

async function* eachSecond(
  run: RunningDomain,
  signal: AbortSignal | undefined,
): AsyncGenerator<DomainInside, void, void> {
  yield await ask(run);
  while (!run.isOver) {
    const before = run.counters.values.slice(DomainCounter.hypercalls);
    const beganMs = performance.now();
    try {
      await sleep(EVERY_MS, undefined, signal ? { signal } : {});
    } catch {
      return; // the reader left
    }
    if (run.isOver) return;
    const after = run.counters.values.slice(DomainCounter.hypercalls);
    const seconds = (performance.now() - beganMs) / 1000;
    yield { ...(await ask(run)), hypercalls: rates(before, after, seconds) };
  }
}

function ask(run: RunningDomain): Promise<DomainInside> {
  return run.host.link.call('domain.inside', { domid: run.domid });
}

function rates(
  before: Float64Array,
  after: Float64Array,
  seconds: number,
): DomainInside['hypercalls'] {
  return Array.from({ length: HYPERCALLS }, (_, number) => ({
    name: hypercallName(number),
    perSecond: (after[number]! - before[number]!) / seconds,
  })).filter(({ perSecond }) => perSecond > 0);
}
