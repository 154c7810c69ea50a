/** From a kernel that runs to a guest that answers under its own name. */
import { DomusError } from '../../../shared/errors.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { RunningDomain } from '../domains/running-domain.ts';
import type { SiteParts } from '../site-parts.ts';
import { within } from '../streams/waiting.ts';
import { newIdentity } from '../agent/identity.ts';
import type { Given } from './given.ts';
import { tellTheTime } from './tell-the-time.ts';

/** A cold boot takes half a minute on a busy machine. */
const KERNEL_TIMEOUT_MS = 240_000;
const CLONE_ANSWER_TIMEOUT_MS = 60_000;
const BOOT_ANSWER_TIMEOUT_MS = 120_000;
/** From a disk many more programs start before the agent. */
const DISK_ANSWER_TIMEOUT_MS = 300_000;
/** A kernel of a person's own need not have Xen's drivers, nor an agent; these are not waited for long. */
const FOREIGN_KERNEL_TIMEOUT_MS = 60_000;
const FOREIGN_ANSWER_TIMEOUT_MS = 20_000;

/**
 * Plugs the agent's console (a clone comes with it), waits for the agent, and makes the guest a machine of its own. An
 * image that promises no agent may have none: that is said, and the domain runs. Errors
 * `domain.silent-kernel`, `device.*`, `agent.*`.
 */
export async function meet(
  parts: SiteParts,
  domain: ManagedDomain,
  run: RunningDomain,
  given: Given,
): Promise<void> {
  if (!given.image.hasAgent) return meetStranger(parts, domain, run);
  const isClone = given.mode === 'clone';
  if (!isClone) await within(run.spoke, KERNEL_TIMEOUT_MS, () => silentKernel(domain.name));
  await run.host.link.call('domain.plugAgent', { domid: run.domid });
  await run.agent.answers(answerTimeoutMs(given));
  await run.agent.takeIdentity(newIdentity(domain.uuid, domain.name));
  tellTheTime(parts, domain, run);
}

function answerTimeoutMs({ mode, image }: Given): number {
  if (mode === 'clone') return CLONE_ANSWER_TIMEOUT_MS;
  return image.disk ? DISK_ANSWER_TIMEOUT_MS : BOOT_ANSWER_TIMEOUT_MS;
}

async function meetStranger(
  parts: SiteParts,
  domain: ManagedDomain,
  run: RunningDomain,
): Promise<void> {
  try {
    await within(run.spoke, FOREIGN_KERNEL_TIMEOUT_MS, () => silentKernel(domain.name));
    const answered = run.host.link
      .call('domain.plugAgent', { domid: run.domid })
      .then(() => run.agent.answers(FOREIGN_ANSWER_TIMEOUT_MS));
    await within(
      answered,
      FOREIGN_ANSWER_TIMEOUT_MS,
      () => new DomusError('agent.silent', 'it has no agent'),
    );
    await run.agent.takeIdentity(newIdentity(domain.uuid, domain.name));
  } catch (error) {
    if (run.isOver) throw error;
    const why = error instanceof Error ? error.message : String(error);
    parts.events.add(
      'warning',
      'domain.no-agent',
      `Domain ${domain.name} runs, but commands cannot be run in it: ${why}`,
      { domain: domain.uuid },
    );
  }
}

function silentKernel(name: string): DomusError {
  return new DomusError(
    'domain.silent-kernel',
    `The kernel of domain ${name} did not speak to Xen in time. "domus dmesg ${name}" shows what it printed.`,
    { data: { domain: name } },
  );
}
