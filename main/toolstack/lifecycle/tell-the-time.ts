import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { RunningDomain } from '../domains/running-domain.ts';
import type { SiteParts } from '../site-parts.ts';

/**
 * Sets the wall clock of a guest, exactly: one whose own clock stood still counts on from where it was,
 * and an identity brings whole seconds. Nobody waits for it; a guest that does not listen keeps the time it has.
 */
export function tellTheTime(parts: SiteParts, domain: ManagedDomain, run: RunningDomain): void {
  run.agent.setClock().catch((error: unknown) => {
    const message = `its wall clock was not set: ${String(error)}`;
    parts.log.write('warning', 'toolstack', message, domain.uuid);
  });
}
