/** What happens when a domain's worker goes away: the policy for that end, and what is said. */
import type { OnShutdown } from '../../../shared/contract/index.ts';
import type { ShutdownReason } from '../control/host.contract.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { Ending, RunningDomain } from '../domains/running-domain.ts';
import type { SiteParts } from '../site-parts.ts';
import type { DomainDefinition } from '../store/domain-table.ts';
import { startDomain } from './start-domain.ts';

/** A guest that ends over and over is left alone after so many starts in that time. */
const MOST_RESTARTS = 3;
const RESTART_WINDOW_MS = 60_000;

/** Its worker is gone (or is about to be forgotten). Only the first word counts. */
export function domainEnded(
  parts: SiteParts,
  domain: ManagedDomain,
  run: RunningDomain,
  ending: Ending,
): void {
  if (!run.end(ending)) return;
  // Who starts or moves it sees the end for himself, and clears up.
  if (domain.state === 'starting' || domain.state === 'migrating') return;
  settleEnd(parts, domain, run, ending);
}

/** Its record after the end, then the policy. */
export function settleEnd(
  parts: SiteParts,
  domain: ManagedDomain,
  run: RunningDomain,
  ending: Ending,
): void {
  parts.console.detach(domain.uuid);
  if (domain.running === run) domain.running = null;
  const verdict = judge(domain.definition, ending);
  parts.domains.advance(
    domain,
    verdict.crashed
      ? { step: 'crash', reason: verdict.reason }
      : { step: 'end', reason: verdict.reason },
  );
  parts.events.add(
    verdict.crashed ? 'error' : 'info',
    verdict.crashed ? 'domain.crashed' : 'domain.ended',
    `Domain ${domain.name}: ${verdict.reason}`,
    { domain: domain.uuid, host: run.host.name },
  );
  if (verdict.then === 'restart') restart(parts, domain, verdict.reason);
}

interface Verdict {
  crashed: boolean;
  reason: string;
  then: OnShutdown;
}

function judge(definition: DomainDefinition, ending: Ending): Verdict {
  const { onPoweroff, onReboot, onCrash } = definition;
  switch (ending.kind) {
    case 'destroyed':
      return { crashed: false, reason: 'it was forced off', then: 'destroy' };
    case 'crashed':
      return { crashed: true, reason: ending.reason, then: onCrash };
    case 'shutdown': {
      const detail = ending.detail ? `: ${ending.detail}` : '';
      const byReason: Record<ShutdownReason, Verdict> = {
        poweroff: { crashed: false, reason: 'the guest powered off', then: onPoweroff },
        reboot: { crashed: false, reason: 'the guest rebooted', then: onReboot },
        'soft-reset': { crashed: false, reason: 'the guest reset itself', then: onReboot },
        suspend: { crashed: false, reason: 'the guest suspended itself', then: 'destroy' },
        crash: { crashed: true, reason: `the guest's kernel crashed${detail}`, then: onCrash },
        watchdog: { crashed: true, reason: `the guest's watchdog fired${detail}`, then: onCrash },
      };
      return byReason[ending.reason];
    }
  }
}

function restart(parts: SiteParts, domain: ManagedDomain, why: string): void {
  const now = Date.now();
  domain.restarts = domain.restarts.filter((atMs) => now - atMs < RESTART_WINDOW_MS);
  if (domain.restarts.length >= MOST_RESTARTS) {
    parts.events.add(
      'error',
      'domain.restarts-stopped',
      `Domain ${domain.name} ended ${MOST_RESTARTS + 1} times within a minute and is not started again. Start it by hand once its cause is found.`,
      { domain: domain.uuid },
    );
    return;
  }
  domain.restarts.push(now);
  const { name, uuid, host } = domain.definition;
  const task = parts.tasks.start(
    {
      kind: 'restart',
      title: `Starting ${name} again (${why})`,
      domain: uuid,
      host,
      cancellable: true,
    },
    async (running) => {
      await domain.operation?.over;
      await domain.exclusively(
        'started again',
        () => startDomain(parts, domain, { mode: domain.definition.boot, task: running }),
        () => running.cancel(),
      );
      return { title: `Started ${name} again (${why})` };
    },
  );
  parts.restarts.begin(
    uuid,
    parts.tasks.wait(task.id).then(() => {}),
  );
}
