/** One move of a domain: what its steps share. */
import type { MoveOptions } from '../../../../shared/contract/index.ts';
import { DomusError } from '../../../../shared/errors.ts';
import type { DiskSpec, VifSpec } from '../../control/host.contract.ts';
import type { ManagedDomain } from '../../domains/managed-domain.ts';
import type { Ending, RunningDomain } from '../../domains/running-domain.ts';
import type { SiteHost } from '../../hosts/site-host.ts';
import type { MoveRecord } from '../../moves/move-record.ts';
import { withNewRings } from '../../networks/vif-specs.ts';
import type { DiskCopies } from '../../storage/disk-copies.ts';
import type { SiteParts } from '../../site-parts.ts';
import { unlessAborted } from '../../streams/waiting.ts';
import type { RunningTask } from '../../tasks/task.ts';

export interface Move {
  readonly parts: SiteParts;
  readonly domain: ManagedDomain;
  readonly life: RunningDomain;
  readonly source: SiteHost;
  readonly target: SiteHost;
  readonly task: RunningTask;
  readonly options: MoveOptions;
  /** What is kept of it. */
  readonly record: MoveRecord;
  /** As the target asks for them; nobody serves their rings before the commit. */
  readonly disks: DiskSpec[];
  readonly interfaces: VifSpec[];
  /** Disks that go to other volumes with it; null where none has to. */
  copies: DiskCopies | null;
  readonly startedAtMs: number;
}

/** To undo, and to clear up: what a host does at once, if it does it at all. */
export const UNDO_TIMEOUT_MS = 30_000;

export function newMove(
  parts: SiteParts,
  domain: ManagedDomain,
  target: SiteHost,
  { task, options, record }: Pick<Move, 'task' | 'options' | 'record'>,
): Move {
  const life = domain.worker;
  return {
    parts,
    domain,
    life,
    source: life.host,
    target,
    task,
    options,
    record,
    disks: life.disks.withNewRings(),
    interfaces: withNewRings(life.spec.interfaces),
    copies: null,
    startedAtMs: performance.now(),
  };
}

/** `work`, unless the domain ends or the task is cancelled meanwhile. */
export function guarded<T>({ life, task }: Move, work: Promise<T>): Promise<T> {
  const ended = life.ended.then((ending) => Promise.reject(new EndedOnTheWay(ending)));
  work.catch(() => {}); // when another end came first
  ended.catch(() => {});
  return unlessAborted(Promise.race([work, ended]), task.signal);
}

/**
 * One of its hosts forgets it. A host that is gone has forgotten it by itself.
 *
 * @param wentTo where it runs now
 */
export async function discardAt(
  { parts, domain, life }: Move,
  host: SiteHost,
  wentTo?: SiteHost,
): Promise<void> {
  if (!host.isUp) return;
  const params = { domid: life.domid, ...(wentTo && { wentTo: wentTo.name }) };
  const options = { timeoutMs: UNDO_TIMEOUT_MS };
  await host.link.call('migration.discard', params, options).catch((error: unknown) => {
    const message = `migration.discard on ${host.name}: ${String(error)}`;
    parts.log.write('warning', 'migrate', message, domain.uuid);
  });
}

/**
 * Nobody asks its record any more. Where it cannot be taken away (a full disk) it harms nothing: it says
 * what is so, and the domain's next move replaces it.
 */
export function forgetRecord({ parts, domain }: Move): void {
  try {
    parts.store.moves.end(domain.uuid);
  } catch (error) {
    const message = `the record of a move stays for now: ${String(error)}`;
    parts.log.write('warning', 'migrate', message, domain.uuid);
  }
}

/** An error of this move, with whom it is about. */
export function moveError(
  { domain, source, target }: Move,
  code: string,
  message: string,
  cause: unknown,
): DomusError {
  const data = { domain: domain.name, source: source.name, target: target.name };
  return new DomusError(code, message, { data, cause });
}

export class EndedOnTheWay extends Error {
  constructor(ending: Ending) {
    super(ending.kind === 'crashed' ? ending.reason : `it ended (${ending.kind})`);
  }
}
