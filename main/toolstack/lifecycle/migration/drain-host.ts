/**
 * Moving all domains of a host away, a few at a time: those that run live, the others by their
 * definition. What cannot go stays, and is named with the reason. From its beginning on no domain is
 * placed on the host, until it is said to take domains again; a drain that is cancelled takes that
 * back by itself.
 */
import type { DrainReport, MoveOptions, Task } from '../../../../shared/contract/index.ts';
import { DomusError } from '../../../../shared/errors.ts';
import type { ManagedDomain } from '../../domains/managed-domain.ts';
import type { SiteHost } from '../../hosts/site-host.ts';
import type { SiteParts } from '../../site-parts.ts';
import { unlessAborted } from '../../streams/waiting.ts';
import type { RunningTask, TaskOutcome } from '../../tasks/task.ts';
import { chooseRefuge } from './choose-refuge.ts';
import { migrate } from './migrate-domain.ts';

/** They share the host's link; with more of them each takes longer, and its guest is slower for it. */
const AT_ONCE = 2;

export interface DrainOptions extends MoveOptions {
  /** Where all of them go; null: each where there is most room for it. */
  to: SiteHost | null;
}

/** Errors `host.drain-to-itself`, `host.being-drained`; the task's: `host.not-drained`. */
export function drainHost(parts: SiteParts, host: SiteHost, options: DrainOptions): Task {
  requireNotDraining(host);
  if (options.to === host) {
    throw new DomusError(
      'host.drain-to-itself',
      `The domains of ${host.name} cannot be moved to ${host.name} itself. Name another host, or none.`,
      { data: { host: host.name } },
    );
  }
  return parts.tasks.start(
    { kind: 'drain', title: `Draining ${host.name}`, host: host.name, cancellable: true },
    (task) => new Drain(parts, host, options, task).run(),
  );
}

/** Domains are placed there again. Error `host.being-drained`. */
export function undrainHost(parts: SiteParts, host: SiteHost): void {
  requireNotDraining(host);
  parts.hosts.setDrained(host, false);
}

function requireNotDraining(host: SiteHost): void {
  if (!host.isBeingDrained) return;
  throw new DomusError(
    'host.being-drained',
    `Host ${host.name} is being drained. Wait until that has ended, or cancel its task.`,
    { data: { host: host.name } },
  );
}

class Drain {
  private readonly parts: SiteParts;
  private readonly host: SiteHost;
  private readonly options: DrainOptions;
  private readonly task: RunningTask;
  private readonly report: DrainReport;
  /** Those whose turn has come, by UUID: each has one. */
  private readonly taken = new Set<string>();
  /** Tasks of the moves under way. */
  private readonly moves = new Set<string>();

  constructor(parts: SiteParts, host: SiteHost, options: DrainOptions, task: RunningTask) {
    this.parts = parts;
    this.host = host;
    this.options = options;
    this.task = task;
    this.report = { host: host.name, moved: [], stayed: [] };
  }

  async run(): Promise<TaskOutcome> {
    const { parts, host, task, report } = this;
    host.isBeingDrained = true;
    try {
      parts.hosts.setDrained(host, true);
      task.signal.addEventListener('abort', this.cancelMoves);
      await Promise.all(Array.from({ length: AT_ONCE }, () => this.moveOneByOne()));
      task.signal.throwIfAborted();
    } catch (error) {
      if (task.signal.aborted) parts.hosts.setDrained(host, false);
      throw error;
    } finally {
      host.isBeingDrained = false;
    }
    if (report.stayed.length > 0) throw notDrained(report);
    return {
      title: `Drained ${host.name} (${counted(report.moved.length)} moved)`,
      result: report,
    };
  }

  private async moveOneByOne(): Promise<void> {
    for (let next = this.next(); next && !this.task.signal.aborted; next = this.next()) {
      this.taken.add(next.uuid);
      this.tell(next);
      const { name } = next;
      try {
        await this.moveAway(next);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.report.stayed.push({ domain: name, reason });
      }
    }
  }

  /** Also one that came while others were moved; those that run come first. */
  private next(): ManagedDomain | undefined {
    const waiting = this.left().filter(({ uuid }) => !this.taken.has(uuid));
    return waiting.find(({ running }) => running) ?? waiting[0];
  }

  private left(): ManagedDomain[] {
    return this.parts.domains.all().filter((domain) => this.isHere(domain));
  }

  private isHere({ running, definition }: ManagedDomain): boolean {
    return (running?.host.name ?? definition.host) === this.host.name;
  }

  private async moveAway(domain: ManagedDomain): Promise<void> {
    const { parts, report, options, task } = this;
    // What is being started, stopped or moved is looked at when that has ended.
    while (domain.operation) await unlessAborted(domain.operation.over, task.signal);
    if (!this.isHere(domain) || domain.deletedAtMs !== null) return;
    const { name } = domain;
    const { to, ...moveOptions } = options;
    const refuge = chooseRefuge(parts, domain, this.host, to);
    if (!domain.running) {
      parts.domains.redefine(domain, { host: refuge.name });
      report.moved.push({ domain: name, to: refuge.name, downtimeMs: null });
      return;
    }
    const { id } = migrate(parts, domain, refuge, moveOptions);
    this.moves.add(id);
    const { error, result } = await parts.tasks.wait(id);
    this.moves.delete(id);
    if (error) throw DomusError.from(error);
    const { downtimeMs } = result as { downtimeMs: number };
    report.moved.push({ domain: name, to: refuge.name, downtimeMs });
  }

  private tell({ name }: ManagedDomain): void {
    const before = this.report.moved.length + this.report.stayed.length;
    const all = Math.max(this.taken.size, this.left().length + before, 1);
    this.task.progress(before / all, `${before} of ${all} domains, now ${name}`);
  }

  private readonly cancelMoves = (): void => {
    for (const id of this.moves) {
      try {
        this.parts.tasks.cancel(id);
      } catch {
        // It is past the point where it could be taken back: it arrives.
      }
    }
  };
}

function notDrained(report: DrainReport): DomusError {
  const { host, moved, stayed } = report;
  const who = stayed.map(({ domain, reason }) => `${domain}: ${reason.replace(/\.$/, '')}`);
  return new DomusError(
    'host.not-drained',
    `Host ${host} still has ${counted(stayed.length)} (${who.join('; ')}). ${counted(moved.length)} moved. Shut them down or make room elsewhere, and drain it again.`,
    { data: { ...report } },
  );
}

function counted(count: number): string {
  return count === 1 ? '1 domain' : `${count} domains`;
}
