/**
 * Continuous protection, on and off. The rule that keeps a domain from running twice is one record
 * (`store/protection-table.ts`, `docs/adr/0016-continuous-protection.md`):
 *
 * 1. The standby's host reserves memory; the domain is copied there while it runs, then a first
 *    checkpoint. From that on its output is held for its standby.
 * 2. The record is written: from here on the standby may succeed it, once its worker is gone.
 * 3. To end it, the record is removed; then the domain is told that it may send what is held; then the
 *    standby is forgotten. A domain that has lost its standby holds its output until that was done.
 */
import { MessageChannel } from 'node:worker_threads';
import type { Domain, Task } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { Ending, RunningDomain } from '../domains/running-domain.ts';
import type { SiteHost } from '../hosts/site-host.ts';
import type { SiteParts } from '../site-parts.ts';
import { unlessAborted } from '../streams/waiting.ts';
import type { RunningTask } from '../tasks/task.ts';
import { ActiveProtection } from './active-protection.ts';
import { whyNotProtect } from './why-not-protect.ts';

const PREPARE_TIMEOUT_MS = 30_000;
const END_TIMEOUT_MS = 30_000;

/** Errors `domain.cannot-protect` with the reason; the rest is told by the task. */
export function protect(
  parts: SiteParts,
  domain: ManagedDomain,
  standby: SiteHost,
  intervalMs: number,
): Task {
  const { name, uuid } = domain;
  const reason = whyNotProtect(parts.storage.pools, domain, standby);
  if (reason !== null) {
    throw new DomusError(
      'domain.cannot-protect',
      `Domain ${name} cannot be protected on ${standby.name}: ${reason}.`,
      { data: { domain: name, host: standby.name, reason } },
    );
  }
  return parts.tasks.start(
    {
      kind: 'protect',
      title: `Protecting ${name} on ${standby.name}`,
      domain: uuid,
      host: standby.name,
      cancellable: true,
    },
    async (task) => {
      await domain.exclusively(
        `protected on ${standby.name}`,
        () => begin(parts, domain, standby, intervalMs, task),
        () => task.cancel(),
      );
      return { title: `Protected ${name} on ${standby.name}`, result: domain.view };
    },
  );
}

/** Error `domain.not-protected`. */
export async function unprotect(parts: SiteParts, domain: ManagedDomain): Promise<Domain> {
  domain.requireIdle();
  const { protection, name, uuid } = domain;
  if (!protection || !domain.running) {
    throw new DomusError('domain.not-protected', `Domain ${name} is not protected.`, {
      data: { domain: name },
    });
  }
  await domain.exclusively('left without its standby', () => end(parts, domain, protection));
  parts.events.add('info', 'domain.unprotected', `Domain ${name} is not protected any more.`, {
    domain: uuid,
    host: domain.running.host.name,
  });
  return domain.view;
}

/** Its standby gets no checkpoints any more: it goes on without. */
export async function standbyLost(
  parts: SiteParts,
  domain: ManagedDomain,
  reason: string,
): Promise<void> {
  const { protection, running } = domain;
  if (!protection || !running) return;
  await end(parts, domain, protection);
  const standby = protection.standby.name;
  parts.events.add(
    'warning',
    'domain.standby-lost',
    `Domain ${domain.name} lost its standby on ${standby} (${reason}). It goes on running on ${running.host.name}, unprotected.`,
    { domain: domain.uuid, host: running.host.name },
  );
}

async function begin(
  parts: SiteParts,
  domain: ManagedDomain,
  standby: SiteHost,
  intervalMs: number,
  task: RunningTask,
): Promise<void> {
  const life = domain.worker;
  const source = life.host;
  const { domid } = life;
  // Of the program's own memory it takes as much as another domain.
  const admission = parts.budget.admit(life.maximumKiB, domain.name);
  const release = reserve(standby, life, () => admission.ended());
  const [link, code] = [new MessageChannel(), new MessageChannel()];
  const offRounds = source.link.on('migration.round', ({ domid: of, round }) => {
    if (of !== domid) return;
    const done = 0.1 + 0.8 * (1 - 1 / (round.number + 1));
    task.progress(done, `round ${round.number}: ${round.dirtied} pages written meanwhile`);
  });
  try {
    task.progress(0.05, `preparing ${standby.name}`);
    const spec = { ...life.spec, disks: [], interfaces: [] };
    const prepared = standby.link.call(
      'protection.prepare',
      { spec, link: link.port1, code: code.port1 },
      { transfer: [link.port1, code.port1], timeoutMs: PREPARE_TIMEOUT_MS },
    );
    await guarded(life, task, prepared);
    task.progress(0.1, `copying ${domain.name} to ${standby.name}`);
    const begun = source.link.call(
      'protection.begin',
      { domid, link: link.port2, code: code.port2, intervalMs },
      { transfer: [link.port2, code.port2] },
    );
    await guarded(life, task, begun);
    task.holdOn();
    admission.settled();
    const over = (): void => admission.ended();
    establish(parts, domain, life, new ActiveProtection(standby, intervalMs, over));
  } catch (error) {
    admission.ended();
    await quietly(parts, source, 'protection.end', life);
    await quietly(parts, standby, 'protection.discard', life);
    throw error;
  } finally {
    offRounds();
    release();
  }
}

/** Memory of the standby's host; what it fails with comes out. */
function reserve(standby: SiteHost, life: RunningDomain, orElse: () => void): () => void {
  try {
    return standby.ledger.reserve(life.maximumKiB, life.spec.name);
  } catch (error) {
    orElse();
    throw error;
  }
}

/** Step 2. */
function establish(
  parts: SiteParts,
  domain: ManagedDomain,
  life: RunningDomain,
  protection: ActiveProtection,
): void {
  const { uuid, name } = domain;
  const [source, standby] = [life.host.name, protection.standby.name];
  parts.store.protections.begin({ uuid, source, standby, sinceMs: protection.sinceMs });
  domain.protection = protection;
  parts.domains.tell(domain);
  parts.events.add('info', 'domain.protected', `Domain ${name} is protected on ${standby}.`, {
    domain: uuid,
    host: standby,
  });
  // The end of a domain is the end of its standby.
  void life.ended.then(async () => {
    if (domain.protection !== protection) return;
    forget(parts, domain);
    const message = `Domain ${domain.name} ended, and with it its protection on ${standby}.`;
    parts.events.add('info', 'domain.unprotected', message, { domain: uuid, host: standby });
    await quietly(parts, protection.standby, 'protection.discard', life);
  });
}

/** Step 3. */
async function end(
  parts: SiteParts,
  domain: ManagedDomain,
  protection: ActiveProtection,
): Promise<void> {
  const life = domain.worker;
  forget(parts, domain);
  await quietly(parts, life.host, 'protection.end', life);
  await quietly(parts, protection.standby, 'protection.discard', life);
}

function forget(parts: SiteParts, domain: ManagedDomain): void {
  parts.store.protections.end(domain.uuid);
  domain.protection?.over();
  domain.protection = null;
  parts.domains.tell(domain);
}

/** `work`, unless the domain ends or the task is cancelled meanwhile. */
function guarded<T>(life: RunningDomain, task: RunningTask, work: Promise<T>): Promise<T> {
  const ended = life.ended.then((ending) => Promise.reject(endedMeanwhile(life, ending)));
  work.catch(() => {}); // when another end came first
  ended.catch(() => {});
  return unlessAborted(Promise.race([work, ended]), task.signal);
}

function endedMeanwhile({ spec }: RunningDomain, ending: Ending): DomusError {
  const why = ending.kind === 'crashed' ? `: ${ending.reason}` : '';
  return new DomusError('domain.gone', `Domain ${spec.name} ended before it was protected${why}.`, {
    data: { domain: spec.name },
  });
}

/** A host that is gone has forgotten the domain by itself. */
async function quietly(
  parts: SiteParts,
  host: SiteHost,
  call: 'protection.end' | 'protection.discard',
  { domid, spec }: RunningDomain,
): Promise<void> {
  if (!host.isUp) return;
  await host.link.call(call, { domid }, { timeoutMs: END_TIMEOUT_MS }).catch((error: unknown) => {
    const message = `${call} on ${host.name}: ${String(error)}`;
    parts.log.write('debug', 'protection', message, spec.uuid);
  });
}
