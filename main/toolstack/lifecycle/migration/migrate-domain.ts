/** Moving a running domain to another host, as a task: what is asked is checked here, at the door. */
import type { Task } from '../../../../shared/contract/index.ts';
import { DomusError } from '../../../../shared/errors.ts';
import type { ManagedDomain } from '../../domains/managed-domain.ts';
import type { SiteHost } from '../../hosts/site-host.ts';
import type { SiteParts } from '../../site-parts.ts';
import { whyNot } from './migration-targets.ts';
import { newMove } from './move.ts';
import { runMove } from './run-move.ts';

/** Errors `domain.cannot-move` with the reason, `host.unknown`; the rest is told by the task. */
export function migrate(parts: SiteParts, domain: ManagedDomain, target: SiteHost): Task {
  const reason = whyNot(parts, domain, target);
  if (reason !== null) {
    throw new DomusError(
      'domain.cannot-move',
      `Domain ${domain.name} cannot be moved to ${target.name}: ${reason}.`,
      { data: { domain: domain.name, host: target.name, reason } },
    );
  }
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
      const report = await domain.exclusively(
        `moved to ${target.name}`,
        () => runMove(newMove(parts, domain, target, task)),
        () => task.cancel(),
      );
      const down = report.downtimeMs.toFixed(report.downtimeMs < 10 ? 1 : 0);
      return { title: `Moved ${name} to ${target.name} (${down} ms down)`, result: report };
    },
  );
}
