/** From a state file to a domain that goes on where it was: the same machine, with the same devices. */
import { dirname } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { DomusError } from '../../../shared/errors.ts';
import { OWN_VERSIONS, requireCompatible } from '../../migration/index.ts';
import type { StreamConfig } from '../../migration/index.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { RunningDomain } from '../domains/running-domain.ts';
import { openDisks } from '../lifecycle/disks.ts';
import { begin, orEnded, plugInterfaces, takeBack } from '../lifecycle/start-domain.ts';
import { tellTheTime } from '../lifecycle/tell-the-time.ts';
import type { SiteParts } from '../site-parts.ts';
import type { RunningTask } from '../tasks/task.ts';
import { requireSameDisks } from './disk-stamps.ts';
import type { OpenStateFile } from './state-file.ts';
import { damaged } from './state-file.ts';
import type { StateRecord } from './state-record.ts';

const FRAME_KIB = 4;
const ANSWER_TIMEOUT_MS = 60_000;

export interface StateStart {
  task: Pick<RunningTask, 'progress' | 'signal'>;
  paused: boolean;
  /** Though its disks were written since. */
  force?: boolean;
  /** It exists, and has not run yet: what must be so before its first instruction. */
  beforeRun?(): void;
}

/**
 * For who ends a domain to start it from a file: refuses what would be refused then, while the domain
 * still is what it was. Errors `stream.incompatible`, `host.*`.
 */
export function requireStartable(
  parts: SiteParts,
  { definition, running, name }: ManagedDomain,
  record: StateRecord,
): void {
  requireOwnVersions(record);
  const host = parts.hosts.get(definition.host);
  void host.link; // it must be up
  const more = record.frames - (running?.counters.frames ?? 0);
  if (more > 0) host.ledger.require(more * FRAME_KIB, name);
}

/**
 * Starts `domain` on the host of its definition, with the devices of its definition, and settles when
 * its guest answers, or is there and paused. The caller holds the domain for itself. Errors `state.*`,
 * `stream.*`, `disk.*`, `host.*`, `budget.*`, `domain.*`; then the domain is what it was.
 */
export async function startFromState(
  parts: SiteParts,
  domain: ManagedDomain,
  state: OpenStateFile,
  { task, paused, force = false, beforeRun }: StateStart,
): Promise<void> {
  const { record } = state;
  const host = parts.hosts.get(domain.definition.host);
  requireOwnVersions(record);
  if (!force) await requireSameDisks(parts.storage, record);
  const run = begin(parts, domain, host, {
    // Its number of before, by which its drivers know it, unless that is somebody else's now.
    ...(parts.domains.byDomid(record.domid) ? {} : { domid: record.domid }),
    memoryKiB: record.targetKiB,
    maxMemoryKiB: record.definition.maxMemoryKiB,
    heldKiB: record.frames * FRAME_KIB,
  });
  const { signal } = task;
  try {
    await orEnded(domain, run, openDisks(parts, domain, run), signal);
    plugInterfaces(parts, domain, run);
    task.progress(0.1, 'reading its memory');
    await parts.console.attach(run.spec, 'starting', record.printed, true);
    await orEnded(domain, run, copyIn(parts, run, state), signal);
    if (domain.name !== record.definition.name) {
      await host.link.call('domain.rename', { domid: run.domid, name: domain.name });
    }
    task.progress(0.7, 'letting it go on');
    beforeRun?.();
    run.onStarted();
    // Its uptime is what the guest counts.
    const atMs = Date.now() - Math.max(0, record.savedAtMs - record.startedAtMs);
    parts.domains.advance(domain, { step: 'started', atMs });
    if (paused) {
      run.greet = () => meetAgain(parts, domain, run);
      return parts.domains.advance(domain, { step: 'pause' });
    }
    await orEnded(domain, run, host.link.call('domain.unpause', { domid: run.domid }), signal);
  } catch (error) {
    await giveUp(parts, domain, run);
    throw error;
  }
  await meetAgain(parts, domain, run);
}

async function copyIn(parts: SiteParts, run: RunningDomain, state: OpenStateFile): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const { fd, path: label, streamBytes: bytes, record } = state;
  const { spec, host } = run;
  const kept = parts.keptCode.take(state.identity);
  const read = parts.disks
    .jobs(dirname(label))
    .call(
      'state.read',
      { fd, label, bytes, link: port1, doorbell: spec.doorbell },
      { transfer: [port1] },
    );
  const entered = host.link.call(
    'domain.copyIn',
    {
      spec,
      link: port2,
      ...(kept && { code: kept }),
      identity: 'same',
      paused: true,
      frames: record.frames,
    },
    { transfer: kept ? [port2, kept] : [port2] },
  );
  const [entering] = await Promise.allSettled([entered, read]);
  if (entering.status === 'fulfilled') return;
  const { code, message } = DomusError.toData(entering.reason);
  throw code.startsWith('stream.') && code !== 'stream.incompatible'
    ? damaged(label, message, entering.reason)
    : entering.reason;
}

/** Its agent is at the end of a line that it was on before. A guest without one runs all the same. */
async function meetAgain(
  parts: SiteParts,
  domain: ManagedDomain,
  run: RunningDomain,
): Promise<void> {
  try {
    await run.agent.answers(ANSWER_TIMEOUT_MS);
    tellTheTime(parts, domain, run);
  } catch (error) {
    if (run.isOver) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const text = `Domain ${domain.name} runs, but commands cannot be run in it: ${why}`;
    parts.events.add('warning', 'domain.no-agent', text, { domain: domain.uuid });
  }
}

/** As after a start that failed, or, once it was said to have started, as after its end. */
async function giveUp(parts: SiteParts, domain: ManagedDomain, run: RunningDomain): Promise<void> {
  if (domain.state === 'starting') return takeBack(parts, domain, run);
  if (domain.running !== run) return;
  if (run.host.isUp) {
    await run.host.link.call('domain.destroy', { domid: run.domid }).catch(() => undefined);
  }
  run.end({ kind: 'destroyed' });
  await run.disks.closeAll();
  parts.console.detach(domain.uuid);
  domain.running = null;
  parts.domains.advance(domain, { step: 'end', reason: 'it could not go on from its saved state' });
}

function requireOwnVersions({ definition: { uuid, name }, versions }: StateRecord): void {
  const memory = { pages: 1, layout: {} };
  const config: StreamConfig = { uuid, name, memory, versions, notes: {} };
  requireCompatible(config, OWN_VERSIONS);
}
