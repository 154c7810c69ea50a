/** Which host a new domain goes to. */
import { DomusError } from '../../../shared/errors.ts';

export interface Candidate {
  name: string;
  up: boolean;
  /** Takes a domain only from who names it. */
  drained: boolean;
  availableKiB: number;
}

/**
 * The host with most memory available of those that are up and not drained, the first by name among equals. Error
 * `placement.no-host`, which says of each host why not.
 */
export function place(candidates: readonly Candidate[], needKiB: number, domain: string): string {
  if (candidates.length === 0) {
    throw new DomusError(
      'placement.no-host',
      `There is no host for domain ${domain}. Add one: domus host add NAME --memory MiB --cpus N.`,
    );
  }
  const reasons = candidates.map(({ name, up, drained, availableKiB }) => ({
    host: name,
    reason: !up
      ? `${name} is down`
      : drained
        ? `${name} is drained`
        : availableKiB < needKiB
          ? `${name} has ${Math.floor(availableKiB / 1024)} MiB free`
          : null,
  }));
  const fitting = candidates.filter((_, index) => reasons[index]!.reason === null);
  const best = fitting.sort(
    (a, b) => b.availableKiB - a.availableKiB || a.name.localeCompare(b.name, 'en'),
  )[0];
  if (best) return best.name;
  throw new DomusError(
    'placement.no-host',
    `No host can take domain ${domain}, which needs ${Math.ceil(needKiB / 1024)} MiB: ${reasons
      .map(({ reason }) => reason)
      .join(', ')}. Shrink or shut down others, or add a host.`,
    { data: { domain, needKiB, reasons } },
  );
}
