/**
 * Makes a golden snapshot: boots an image once, unseen, on a host of its own (so that no simulated
 * host's memory is touched), and saves it when its agent answers and has nothing to do. The agent's
 * console stays connected: a clone takes it over and is spoken to at once.
 */
import { randomUUID } from 'node:crypto';
import { DomusError } from '../../../shared/errors.ts';
import { AgentSession } from '../agent/agent-session.ts';
import type { ConsoleHub } from '../console/console-hub.ts';
import type { ColdBoot, DomainSpec } from '../control/host.contract.ts';
import { newSpec } from '../domains/new-spec.ts';
import { HostLink } from '../hosts/host-link.ts';
import type { HostWorkerFactory } from '../hosts/host-link.ts';
import type { LogBook } from '../log/log-book.ts';
import type { ProcessBudget } from '../placement/process-budget.ts';
import { within } from '../streams/waiting.ts';
import type { GoldenSnapshot } from './golden-file.ts';
import { rehearse } from './rehearsal.ts';

const BOOT_TIMEOUT_MS = 240_000;
const AGENT_TIMEOUT_MS = 120_000;
const SAVE_TIMEOUT_MS = 120_000;
const DOMID = 1;
const DOMAIN0_KIB = 32 * 1024;
/** How much of a failed boot's output goes into the error. */
const TAIL_CHARACTERS = 600;

export interface GoldenBuilderParts {
  factory: HostWorkerFactory;
  engineModule: WebAssembly.Module;
  console: ConsoleHub;
  budget: ProcessBudget;
  log: LogBook;
  /** Aborted when the site closes. */
  closing: AbortSignal;
}

export type BuildProgress = (fraction: number, detail: string) => void;

/** Errors `golden.failed`, with the end of what the guest printed, and `budget.*`. */
export async function buildGolden(
  parts: GoldenBuilderParts,
  maxMemoryMiB: number,
  boot: ColdBoot,
  progress: BuildProgress,
): Promise<Omit<GoldenSnapshot, 'key'>> {
  const maxMemoryKiB = maxMemoryMiB * 1024;
  const name = `the ${maxMemoryMiB} MiB snapshot`;
  const admission = parts.budget.admit(maxMemoryKiB, name);
  const spec = newSpec({
    uuid: randomUUID(),
    name: 'golden',
    domid: DOMID,
    memoryKiB: maxMemoryKiB,
    maxMemoryKiB,
  });
  let workshop: HostLink | null = null;
  try {
    workshop = await startWorkshop(parts, maxMemoryKiB);
    return await bootAndSave(parts, workshop, spec, boot, progress);
  } catch (error) {
    throw await failure(parts.console, name, spec.uuid, error);
  } finally {
    await workshop?.terminate();
    parts.console.detach(spec.uuid);
    parts.console.forget(spec.uuid);
    admission.ended();
  }
}

async function bootAndSave(
  parts: GoldenBuilderParts,
  workshop: HostLink,
  spec: DomainSpec,
  boot: ColdBoot,
  progress: BuildProgress,
): Promise<Omit<GoldenSnapshot, 'key'>> {
  const fate = listen(parts, workshop);
  const agent = new AgentSession(spec.agent, spec.doorbell);
  try {
    await parts.console.attach(spec, 'starting', '');
    const { domid } = spec;
    progress(0.05, 'booting the kernel');
    await fate.unlessDead(workshop.call('domain.boot', { spec, boot, keepsCode: true }));
    await fate.unlessDead(within(fate.spoke, BOOT_TIMEOUT_MS, tooLate));
    progress(0.5, 'waiting for the guest to answer');
    await fate.unlessDead(workshop.call('domain.plugAgent', { domid }));
    await fate.unlessDead(agent.answers(AGENT_TIMEOUT_MS));
    progress(0.6, 'rehearsing what clones do first');
    await fate.unlessDead(rehearse(agent));
    progress(0.85, 'saving');
    const how = { domid, thenDestroy: true, withCode: true };
    const { stream, code } = await fate.unlessDead(
      workshop.call('domain.save', how, { timeoutMs: SAVE_TIMEOUT_MS }),
    );
    if (!code) throw new Error('its code was not saved');
    progress(0.95, 'keeping it');
    return { stream, code, printed: await parts.console.printed(spec.uuid) };
  } finally {
    agent.close('the snapshot is made');
  }
}

interface Fate {
  spoke: Promise<void>;
  /** `work`, unless the guest or its host ends first: then that is the error. */
  unlessDead<T>(work: Promise<T>): Promise<T>;
}

function listen({ log, closing }: GoldenBuilderParts, workshop: HostLink): Fate {
  const spoke = Promise.withResolvers<void>();
  const dead = Promise.withResolvers<never>();
  dead.promise.catch(() => {}); // heard through `unlessDead`
  const die = (why: string): void => dead.reject(new Error(why));
  workshop.on('domain.alive', () => spoke.resolve());
  workshop.on('domain.crashed', ({ reason }) => die(`the guest crashed: ${reason}`));
  workshop.on('domain.shutdown', ({ reason }) => die(`the guest ended by itself (${reason})`));
  workshop.on('log', ({ level, message }) => log.write(level, 'golden', message));
  void workshop.exited.then((reason) => die(reason));
  closing.addEventListener('abort', () => die('the program ends'), { once: true });
  return {
    spoke: spoke.promise,
    unlessDead: (work) => Promise.race([work, dead.promise]),
  };
}

function tooLate(): Error {
  return new Error(`its kernel did not come up within ${BOOT_TIMEOUT_MS / 1000} s`);
}

function startWorkshop(parts: GoldenBuilderParts, maxMemoryKiB: number): Promise<HostLink> {
  return HostLink.start(
    {
      name: 'workshop',
      memoryKiB: maxMemoryKiB + DOMAIN0_KIB,
      domain0KiB: DOMAIN0_KIB,
      pcpus: 1,
      bandwidthBytesPerSecond: 1e9,
      latencyMs: 0,
      lossPercent: 0,
      xenstoreSocketPath: null,
      engineModule: parts.engineModule,
    },
    parts.factory,
  );
}

async function failure(
  console: ConsoleHub,
  name: string,
  uuid: string,
  error: unknown,
): Promise<DomusError> {
  if (error instanceof DomusError && error.code.startsWith('budget.')) return error;
  const why = error instanceof Error ? error.message : String(error);
  const printed = await console.dmesg(uuid).catch(() => '');
  const tail = printed.trimEnd().slice(-TAIL_CHARACTERS);
  return new DomusError(
    'golden.failed',
    `${name} could not be prepared: ${why}.${tail ? ` The guest printed last: ${tail}` : ''} To see its boot, create a domain with --cold.`,
    { data: { printed: tail }, cause: error },
  );
}
