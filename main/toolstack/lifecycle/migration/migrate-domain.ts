/** Moving a running domain to another host, as a task: what is asked is checked here, at the door. */
import type { MoveOptions, Task } from '../../../../shared/contract/index.ts';
import { DomusError } from '../../../../shared/errors.ts';
import type { ManagedDomain } from '../../domains/managed-domain.ts';
import type { SiteHost } from '../../hosts/site-host.ts';
import type { SiteParts } from '../../site-parts.ts';
import { whyNot } from './migration-targets.ts';
import { newMove } from './move.ts';
import { runMove } from './run-move.ts';

/** Errors `domain.cannot-move` with the reason, `migration.bad-rates`, `pool.unknown`; the rest is told by the task. */
export function migrate(
  parts: SiteParts,
  domain: ManagedDomain,
  target: SiteHost,
  options: MoveOptions = {},
): Task {
  const reason = whyNot(parts, domain, target);
  if (reason !== null) {
    throw new DomusError(
      'domain.cannot-move',
      `Domain ${domain.name} cannot be moved to ${target.name}: ${reason}.`,
      { data: { domain: domain.name, host: target.name, reason } },
    );
  }
  checkRates(domain, options);
  if (options.pool !== undefined) parts.storage.pools.get(options.pool);
  const { name, uuid } = domain;
  return parts.tasks.start(
    {
      kind: 'migrate',
      title: `Moving ${name} to ${target.name}`,
      domain: uuid,
      host: target.name,
      cancellable: true,
    },
    async (task) => {
      const about = { domain, from: domain.worker.host.name, to: target.name };
      const report = await parts.moves.keep(task, about, (record) =>
        domain.exclusively(
          `moved to ${target.name}`,
          () => runMove(newMove(parts, domain, target, { task, options, record })),
          () => task.cancel(),
        ),
      );
      const down = report.downtimeMs.toFixed(report.downtimeMs < 10 ? 1 : 0);
      return { title: `Moved ${name} to ${target.name} (${down} ms down)`, result: report };
    },
  );
}

/** Error `migration.bad-rates`: of the least and the most that a move may take of the source's link. */
function checkRates({ name, worker }: ManagedDomain, options: MoveOptions): void {
  const { minRateBytesPerSecond: min, maxRateBytesPerSecond: max } = options;
  if (min === undefined) return;
  const { host } = worker;
  const carries = host.definition.bandwidthBytesPerSecond;
  const why =
    max !== undefined && min > max
      ? `the least rate asked for (${min} bytes a second) is above the most (${max})`
      : min > carries
        ? `the link of ${host.name} carries ${carries} bytes a second, and ${min} are asked for at least`
        : null;
  if (why === null) return;
  throw new DomusError('migration.bad-rates', `Domain ${name} was not moved: ${why}.`, {
    data: { domain: name, min, max: max ?? null, carries },
  });
}
