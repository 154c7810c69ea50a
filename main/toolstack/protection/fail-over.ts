/**
 * A protected domain's worker is gone, and its exit was awaited: it goes on from its last checkpoint on
 * the standby's host. What it had sent since was never shown to anybody.
 */
import type { FailoverReport } from '../../../shared/contract/index.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { RunningDomain } from '../domains/running-domain.ts';
import { settleEnd } from '../lifecycle/end-of-life.ts';
import { tellTheTime } from '../lifecycle/tell-the-time.ts';
import { withNewRings } from '../networks/vif-specs.ts';
import type { SiteParts } from '../site-parts.ts';

/**
 * False: it has no standby. True: from this call on it is the standby's; what becomes of it is told by
 * a task.
 */
export function failOver(
  parts: SiteParts,
  domain: ManagedDomain,
  run: RunningDomain,
  reason: string,
): boolean {
  const { protection } = domain;
  if (!protection) return false;
  const diedAtMs = performance.timeOrigin + performance.now();
  const from = run.host.name;
  const { standby } = protection;
  parts.store.protections.succeed(domain.uuid);
  protection.over();
  domain.protection = null;
  run.host = standby;
  domain.definition = { ...domain.definition, host: standby.name };
  // A disk of its had failed there: it is asked again from here.
  if (domain.state === 'paused') parts.domains.advance(domain, { step: 'unpause' });
  parts.domains.tell(domain);
  const { name, uuid } = domain;
  parts.tasks.start(
    {
      kind: 'failover',
      title: `Taking over ${name} on ${standby.name} (${reason})`,
      domain: uuid,
      host: standby.name,
      cancellable: false,
    },
    async () => {
      try {
        const work = (): Promise<number> => takeOver(parts, run);
        const startedAtMs = await (domain.operation
          ? work() // what was being done to it fails by itself
          : domain.exclusively(`taken over by ${standby.name}`, work));
        const report: FailoverReport = {
          from,
          to: standby.name,
          failoverMs: Math.max(0, startedAtMs - diedAtMs),
        };
        const took = `${report.failoverMs.toFixed(0)} ms`;
        if (run.isOver) return { title: `${name} ended soon after it was taken over (${took})` };
        parts.events.add(
          'warning',
          'domain.failed-over',
          `Domain ${name} goes on on ${standby.name} from its last checkpoint, ${took} after it was lost on ${from} (${reason}). It is not protected any more.`,
          { domain: uuid, host: standby.name },
        );
        tellTheTime(parts, domain, run);
        askAgain(parts, domain, run);
        return { title: `Took over ${name} on ${standby.name} (${took})`, result: report };
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        const link = standby.isUp ? standby.link : null;
        await link?.call('protection.discard', { domid: run.domid }).catch(() => undefined);
        const lost = `it was lost on ${from} (${reason}), and could not go on on ${standby.name}: ${why}`;
        if (run.end({ kind: 'crashed', reason: lost })) {
          settleEnd(parts, domain, run, await run.ended);
        }
        throw error;
      }
    },
  );
  return true;
}

async function takeOver(parts: SiteParts, run: RunningDomain): Promise<number> {
  const { domid, spec, host } = run;
  const disks = run.disks.withNewRings();
  const interfaces = withNewRings(spec.interfaces);
  // Whatever its lost thread has asked for ends before; its successor's requests wait in their rings.
  const handedOver = run.disks.handTo(disks).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`its disks could not be handed over: ${why}`, { cause });
  });
  handedOver.catch(() => undefined); // heard below
  [spec.disks, spec.interfaces] = [disks, interfaces];
  const { startedAtMs } = await host.link.call('protection.takeOver', {
    domid,
    spec: { name: spec.name, memoryKiB: run.targetKiB, disks, interfaces },
  });
  await Promise.all([handedOver, parts.networks.captures.moved(domid, null, host.link)]);
  return startedAtMs;
}

/** Its checkpoint may be older than what it was asked to do; who has heard it already takes no notice. */
function askAgain(
  { log }: SiteParts,
  { life, uuid }: ManagedDomain,
  { host, domid }: RunningDomain,
): void {
  if (life.state !== 'shutting-down') return;
  host.link
    .call('domain.askShutdown', { domid, reason: life.intent })
    .catch((error: unknown) => log.write('warning', 'protection', String(error), uuid));
}
