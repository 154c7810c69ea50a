/** Off, on again, and in between: what a person does to a domain that exists. */
import type { Domain, Task } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { wrongState } from '../domains/life.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { RunningDomain } from '../domains/running-domain.ts';
import { requireUnprotected } from '../protection/why-not-protect.ts';
import type { SiteParts } from '../site-parts.ts';
import type { BootMode } from '../store/domain-table.ts';
import type { RunningTask, TaskOutcome } from '../tasks/task.ts';
import { hasAddresses, UNASKED } from './addresses.ts';
import { domainEnded } from './end-of-life.ts';
import { startSaved } from '../saving/restore-domain.ts';
import { forgetSaved } from '../saving/save-domain.ts';
import { startDomain } from './start-domain.ts';
import { tellTheTime } from './tell-the-time.ts';

/** Within this a guest says that it heard the request, as with `xl`. */
const ACKNOWLEDGE_MS = 60_000;
/** One that heard it may take this long to end what it runs. */
const FINISH_MS = 10 * 60_000;

export function start(parts: SiteParts, domain: ManagedDomain, cold: boolean): Task {
  domain.requireIdle();
  if (domain.running) throw wrongState(domain.name, domain.state, 'started');
  const { name, uuid, host } = domain.definition;
  const isSaved = domain.state === 'saved';
  if (isSaved && cold) throw savedNotBooted(name);
  const mode: BootMode = cold ? 'cold' : domain.definition.boot;
  return parts.tasks.start(
    { kind: 'start', title: `Starting ${name}`, domain: uuid, host, cancellable: true },
    async (task) => {
      await domain.exclusively(
        'started',
        () =>
          isSaved ? startSaved(parts, domain, task) : startDomain(parts, domain, { mode, task }),
        () => task.cancel(),
      );
      const run = domain.running;
      // A guest that goes on has its addresses and does not ask for them.
      const isAddressed =
        isSaved ||
        !run ||
        (await hasAddresses(domain, run, domain.definition.interfaces, task.signal));
      return { title: `Started ${name}${isAddressed ? '' : UNASKED}`, result: domain.view };
    },
  );
}

export function shutdown(parts: SiteParts, domain: ManagedDomain): Task {
  return askToEnd(parts, domain, 'poweroff', `Shutting down ${domain.name}`);
}

export function reboot(parts: SiteParts, domain: ManagedDomain): Task {
  return askToEnd(parts, domain, 'reboot', `Rebooting ${domain.name}`);
}

/** Force off: whatever it does, now. */
export async function destroy(parts: SiteParts, domain: ManagedDomain): Promise<Domain> {
  await interrupt(domain);
  const run = domain.running;
  if (!run) {
    if (domain.state === 'saved') forgetSaved(parts, domain);
    if (domain.state === 'shut-off' || domain.state === 'crashed') return domain.view;
    throw wrongState(domain.name, domain.state, 'forced off');
  }
  if (run.host.isUp) await run.host.link.call('domain.destroy', { domid: run.domid });
  domainEnded(parts, domain, run, { kind: 'destroyed' });
  await run.disks.closeAll();
  return domain.view;
}

export async function pause(parts: SiteParts, domain: ManagedDomain): Promise<Domain> {
  domain.requireIdle();
  if (domain.state !== 'running') throw wrongState(domain.name, domain.state, 'paused');
  requireUnprotected(domain, 'paused');
  const run = domain.worker;
  await domain.exclusively('paused', async () => {
    await run.host.link.call('domain.pause', { domid: run.domid });
    parts.domains.advance(domain, { step: 'pause' });
  });
  return domain.view;
}

/** What its disks failed to do is tried again. */
export async function unpause(parts: SiteParts, domain: ManagedDomain): Promise<Domain> {
  domain.requireIdle();
  if (domain.state !== 'paused') throw wrongState(domain.name, domain.state, 'unpaused');
  const run = domain.worker;
  await domain.exclusively('unpaused', async () => {
    await run.host.link.call('domain.retryDisks', { domid: run.domid });
    await run.host.link.call('domain.unpause', { domid: run.domid });
    parts.domains.advance(domain, { step: 'unpause' });
    await run.greet?.();
    run.greet = null;
  });
  tellTheTime(parts, domain, run);
  return domain.view;
}

/** Cuts short what can be cut short, and waits for the rest, which does not take long. */
async function interrupt(domain: ManagedDomain): Promise<void> {
  try {
    domain.operation?.cancel?.();
  } catch {
    // It is past the point where it could be taken back.
  }
  await domain.operation?.over;
}

function askToEnd(
  parts: SiteParts,
  domain: ManagedDomain,
  intent: 'poweroff' | 'reboot',
  title: string,
): Task {
  domain.requireIdle();
  const run = domain.worker;
  parts.domains.advance(domain, { step: 'ask-shutdown', intent });
  return parts.tasks.start(
    { kind: intent === 'reboot' ? 'reboot' : 'shutdown', title, domain: domain.uuid },
    async (task) => {
      try {
        await run.host.link.call('domain.askShutdown', { domid: run.domid, reason: intent });
        await heard(domain, run, task);
      } catch (error) {
        if (domain.running === run && domain.state === 'shutting-down') {
          parts.domains.advance(domain, { step: 'shutdown-refused' });
        }
        throw error;
      }
      return outcome(parts, domain, run, intent);
    },
  );
}

/** Waits for the end, with one deadline to hear the request and another to follow it. */
async function heard(domain: ManagedDomain, run: RunningDomain, task: RunningTask): Promise<void> {
  task.progress(null, 'waiting for the guest');
  if (await endsWithin(run, ACKNOWLEDGE_MS)) return;
  if (!(await acknowledged(run))) throw ignored(domain.name);
  task.progress(null, 'the guest is shutting down');
  if (await endsWithin(run, FINISH_MS)) return;
  throw ignored(domain.name);
}

async function endsWithin(run: RunningDomain, timeoutMs: number): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), timeoutMs);
  try {
    return await Promise.race([run.ended.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** A guest that heard the request empties the node. */
async function acknowledged(run: RunningDomain): Promise<boolean> {
  const path = `/local/domain/${run.domid}/control/shutdown`;
  const value = await run.host.link.call('xenstore.read', { path }).catch(() => new Uint8Array(0));
  return value.length === 0;
}

async function outcome(
  parts: SiteParts,
  domain: ManagedDomain,
  run: RunningDomain,
  intent: 'poweroff' | 'reboot',
): Promise<TaskOutcome> {
  const ending = await run.ended;
  await run.disks.closeAll();
  if (ending.kind === 'crashed') {
    throw new DomusError(
      'domain.crashed',
      `Domain ${domain.name} crashed while it was shutting down: ${ending.reason}`,
      { data: { domain: domain.name } },
    );
  }
  if (ending.kind === 'destroyed') return { title: `${domain.name} was forced off` };
  await parts.restarts.over(domain.uuid);
  if (intent === 'poweroff') return { title: `Shut down ${domain.name}` };
  if (domain.state === 'running') return { title: `Rebooted ${domain.name}`, result: domain.view };
  if (domain.definition.onReboot !== 'restart') {
    return {
      title: `${domain.name} ended for its reboot (on_reboot: ${domain.definition.onReboot})`,
    };
  }
  throw new DomusError(
    'domain.start-failed',
    `Domain ${domain.name} ended for its reboot but did not start again; its task says why.`,
    { data: { domain: domain.name } },
  );
}

function ignored(name: string): DomusError {
  return new DomusError(
    'domain.shutdown-ignored',
    `Domain ${name} did not act on the request within ${ACKNOWLEDGE_MS / 1000} s and goes on running. Force it off: domus destroy ${name}.`,
    { data: { domain: name } },
  );
}

function savedNotBooted(name: string): DomusError {
  return new DomusError(
    'domain.saved',
    `Domain ${name} is saved: its start goes on where it was. To boot it instead, force it off first (domus destroy ${name}), which gives up what its memory holds.`,
    { data: { domain: name } },
  );
}
