/** A disk of a running domain that fails: the guest waits until its cause is gone, or it ends. */
import { DiskStatus } from '../../dom0/index.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { RunningDomain } from '../domains/running-domain.ts';
import type { SiteParts } from '../site-parts.ts';
import { domainEnded } from './end-of-life.ts';

/**
 * A request is held: pauses the domain, once what is being done to it has ended, and says what to
 * do (`unpause` tries again); or ends it, if that was asked for.
 */
export async function diskFailed(
  parts: SiteParts,
  domain: ManagedDomain,
  run: RunningDomain,
  disk: string,
  status: DiskStatus,
): Promise<void> {
  const definition = domain.definition.disks.find(({ name }) => name === disk);
  const [what, cure] = inWords(status, `its disk ${disk} (${definition?.source ?? disk})`);
  const { host } = run;
  while (domain.operation) await domain.operation.over;
  // Where it went on since, it asks again itself.
  if (domain.running !== run || run.isOver || run.host !== host) return;
  if (definition?.onError === 'crash') return crash(parts, domain, run, what);
  try {
    await domain.exclusively('paused', async () => {
      if (domain.state !== 'paused') {
        await run.host.link.call('domain.pause', { domid: run.domid });
      }
      if (domain.running !== run) return;
      parts.domains.advance(domain, { step: 'pause', reason: what });
    });
  } catch (error) {
    parts.log.write('warning', 'disk', `not paused: ${String(error)}`, domain.uuid);
    return;
  }
  parts.events.add(
    'error',
    'domain.disk-failed',
    `Domain ${domain.name} is paused: ${what}. ${cure}, then let it go on: domus unpause ${domain.name}. Nothing that it was told to be written is lost.`,
    { domain: domain.uuid, host: run.host.name },
  );
}

function inWords(status: DiskStatus, disk: string): [what: string, cure: string] {
  switch (status) {
    case DiskStatus.noSpace:
      return [`there is no space left for ${disk}`, 'Make room there'];
    case DiskStatus.unreachable:
      return [`the server of ${disk} is away`, 'See the log, have it serve this disk again'];
    default:
      return [`${disk} cannot be read or written`, 'See the log, mend what lies beneath it'];
  }
}

/** Whoever served the disks of these domains is gone, and with it the way to what they wrote last. */
export async function disksLost(
  parts: SiteParts,
  domids: readonly number[],
  reason: string,
): Promise<void> {
  const why = `the I/O worker that served its disks is gone: ${reason}`;
  for (const domid of domids) {
    const domain = parts.domains.byDomid(domid);
    if (domain?.running) await crash(parts, domain, domain.running, why);
  }
}

async function crash(
  parts: SiteParts,
  domain: ManagedDomain,
  run: RunningDomain,
  reason: string,
): Promise<void> {
  if (run.host.isUp) {
    await run.host.link.call('domain.destroy', { domid: run.domid }).catch((error: unknown) => {
      parts.log.write('warning', 'disk', `not ended: ${String(error)}`, domain.uuid);
    });
  }
  domainEnded(parts, domain, run, { kind: 'crashed', reason });
}
