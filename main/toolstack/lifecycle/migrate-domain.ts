/**
 * Moving a running domain to another host: copy while it runs, stop, copy the rest, commit, go on.
 *
 * 1. The target reserves memory and starts a warm worker (`migration.prepare`).
 * 2. The source streams the domain while it runs, round by round, stops it when another round would
 *    gain nothing, and streams the rest; the target receives and checks it.
 * 3. Both digests are compared.
 * 4. The commit record is written: from here on the domain is the target's.
 * 5. Its disks and captures are handed over: the source has stopped and asks nothing more of them.
 * 6. The target runs it, the source forgets it.
 *
 * What fails before 4 is undone: the target forgets, the source goes on. What fails after 4 cannot
 * bring the source back. So it never runs twice.
 */
import { MessageChannel } from 'node:worker_threads';
import type { MigrationReport, MigrationRound, Task } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { Ending, RunningDomain } from '../domains/running-domain.ts';
import type { SiteHost } from '../hosts/site-host.ts';
import type { DiskSpec, MoveReport, ReceiveReport, VifSpec } from '../control/host.contract.ts';
import { withNewRings } from '../networks/vif-specs.ts';
import type { SiteParts } from '../site-parts.ts';
import { unlessAborted } from '../streams/waiting.ts';
import type { RunningTask } from '../tasks/task.ts';
import { settleEnd } from './end-of-life.ts';
import { whyNot } from './migration-targets.ts';
import { tellTheTime } from './tell-the-time.ts';

const PREPARE_TIMEOUT_MS = 30_000;
const UNDO_TIMEOUT_MS = 30_000;
const PAGE_BYTES = 4096;
const MIB = 1 << 20;

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
        () => new Move(parts, domain, target, task).run(),
        () => task.cancel(),
      );
      const down = report.downtimeMs.toFixed(report.downtimeMs < 10 ? 1 : 0);
      return { title: `Moved ${name} to ${target.name} (${down} ms down)`, result: report };
    },
  );
}

interface Copied {
  sent: MoveReport;
  received: ReceiveReport;
}

class Move {
  private readonly parts: SiteParts;
  private readonly domain: ManagedDomain;
  private readonly life: RunningDomain;
  private readonly source: SiteHost;
  private readonly target: SiteHost;
  private readonly task: RunningTask;
  /** As the target asks for them; nobody serves their rings before the commit. */
  private readonly disks: DiskSpec[];
  private readonly interfaces: VifSpec[];
  private readonly startedAtMs = performance.now();

  constructor(parts: SiteParts, domain: ManagedDomain, target: SiteHost, task: RunningTask) {
    this.parts = parts;
    this.domain = domain;
    this.life = domain.worker;
    this.source = this.life.host;
    this.target = target;
    this.task = task;
    this.disks = this.life.disks.withNewRings();
    this.interfaces = withNewRings(this.life.spec.interfaces);
  }

  async run(): Promise<MigrationReport> {
    const { parts, domain, source, target } = this;
    parts.domains.advance(domain, { step: 'migrate', target: target.name });
    parts.store.moves.begin({
      uuid: domain.uuid,
      source: source.name,
      target: target.name,
      startedAtMs: Date.now(),
    });
    let copied: Copied;
    try {
      copied = await this.copy();
      this.task.holdOn();
      parts.store.moves.commit(domain.uuid);
    } catch (error) {
      throw await this.undo(error);
    }
    return this.arrive(copied);
  }

  /** Steps 1 to 3. */
  private async copy(): Promise<Copied> {
    const { life, source, target, task } = this;
    const need = Math.max(life.actualKiB, life.targetKiB);
    const release = target.ledger.reserve(need, this.domain.name);
    const link = new MessageChannel();
    let offRounds = (): void => undefined;
    try {
      task.progress(0.05, `preparing ${target.name}`);
      const prepared = target.link.call(
        'migration.prepare',
        {
          spec: { ...life.spec, disks: this.disks, interfaces: this.interfaces },
          link: link.port1,
        },
        { transfer: [link.port1], timeoutMs: PREPARE_TIMEOUT_MS },
      );
      await this.guarded(prepared);
      task.progress(0.2, `copying ${Math.ceil((life.counters.frames * PAGE_BYTES) / MIB)} MiB`);
      offRounds = source.link.on('migration.round', ({ domid, round }) => {
        if (domid === life.domid)
          task.progress(0.2 + 0.6 * (1 - 1 / (round.number + 1)), told(round));
      });
      const received = target.link.call('migration.received', { domid: life.domid });
      const sent = source.link.call(
        'migration.send',
        { domid: life.domid, link: link.port2 },
        { transfer: [link.port2] },
      );
      const [outgoing, incoming] = await this.guarded(Promise.all([sent, received]));
      if (outgoing.digest !== incoming.digest) {
        throw new DomusError(
          'migration.damaged',
          `what arrived on ${target.name} is not what ${source.name} sent`,
          { data: { sent: outgoing.digest, received: incoming.digest } },
        );
      }
      return { sent: outgoing, received: incoming };
    } finally {
      offRounds();
      release();
    }
  }

  /** `work`, unless the domain ends or the task is cancelled meanwhile. */
  private guarded<T>(work: Promise<T>): Promise<T> {
    const ended = this.life.ended.then((ending) => Promise.reject(new EndedOnTheWay(ending)));
    work.catch(() => {}); // when another end came first
    ended.catch(() => {});
    return unlessAborted(Promise.race([work, ended]), this.task.signal);
  }

  /** Before the commit: as if nothing had been tried. Answers with what the person is told. */
  private async undo(cause: unknown): Promise<DomusError> {
    const { parts, domain, life, source, target } = this;
    this.task.progress(null, `undoing: ${domain.name} stays on ${source.name}`);
    await this.quietly(target, 'migration.discard');
    const ending = await this.sourceAfterFailure();
    parts.store.moves.end(domain.uuid);
    const why = cause instanceof Error ? cause.message : String(cause);
    if (ending) {
      settleEnd(parts, domain, life, ending);
      const what = ending.kind === 'crashed' ? ending.reason : 'it ended';
      return new DomusError(
        'migration.source-lost',
        `Domain ${domain.name} was lost on ${source.name} before its move to ${target.name} was complete: ${what}. Its definition is intact; start it again.`,
        { data: { domain: domain.name, source: source.name, target: target.name }, cause },
      );
    }
    parts.domains.advance(domain, { step: 'migrate-ended' });
    if (this.task.signal.aborted) return DomusError.from(DomusError.toData(cause));
    return new DomusError(
      'migration.failed',
      `Domain ${domain.name} could not be moved to ${target.name}: ${why}. It goes on running on ${source.name}.`,
      { data: { domain: domain.name, source: source.name, target: target.name }, cause },
    );
  }

  /** Null when the source runs it again; otherwise how it ended. */
  private async sourceAfterFailure(): Promise<Ending | null> {
    const { life, source } = this;
    if (!life.isOver) {
      try {
        await source.link.call(
          'migration.resume',
          { domid: life.domid },
          { timeoutMs: UNDO_TIMEOUT_MS },
        );
        if (!life.isOver) return null;
      } catch (error) {
        await this.quietly(source, 'migration.discard');
        const why = error instanceof Error ? error.message : String(error);
        life.end({ kind: 'crashed', reason: `${source.name} could not let it go on: ${why}` });
      }
    }
    return life.ended;
  }

  /** Steps 5 and 6. The domain is the target's, whatever happens now. */
  private async arrive({ sent, received }: Copied): Promise<MigrationReport> {
    const { parts, domain, life, source, target, task } = this;
    life.host = target;
    domain.definition = { ...domain.definition, host: target.name };
    task.progress(0.9, `starting on ${target.name}`);
    try {
      await life.disks.moveTo(this.disks);
      life.spec.disks = this.disks;
      life.spec.interfaces = this.interfaces;
      const sourceLink = source.isUp ? source.link : null;
      await parts.networks.captures.moved(life.domid, sourceLink, target.link);
      const { startedAtMs } = await target.link.call('migration.activate', { domid: life.domid });
      if (life.isOver) throw new EndedOnTheWay(await life.ended);
      parts.domains.advance(domain, { step: 'migrate-ended' });
      await this.quietly(source, 'migration.discard');
      parts.store.moves.end(domain.uuid);
      tellTheTime(this.parts, this.domain, this.life);
      parts.events.add(
        'info',
        'domain.moved',
        `Domain ${domain.name} moved from ${source.name} to ${target.name}.`,
        { domain: domain.uuid, host: target.name },
      );
      return {
        from: source.name,
        to: target.name,
        downtimeMs: Math.max(0, startedAtMs - sent.stoppedAtMs),
        totalMs: performance.now() - this.startedAtMs,
        bytes: sent.bytes,
        pages: received.pages,
        rounds: sent.rounds,
        stopReason: sent.stopReason,
        verified: true,
      };
    } catch (error) {
      throw await this.lostOnArrival(error);
    }
  }

  private async lostOnArrival(cause: unknown): Promise<DomusError> {
    const { parts, domain, life, source, target } = this;
    const why = cause instanceof Error ? cause.message : String(cause);
    await this.quietly(source, 'migration.discard');
    await this.quietly(target, 'migration.discard');
    parts.store.moves.end(domain.uuid);
    life.end({ kind: 'crashed', reason: `it was lost on its arrival on ${target.name}: ${why}` });
    settleEnd(parts, domain, life, await life.ended);
    return new DomusError(
      'migration.target-lost',
      `Domain ${domain.name} had moved to ${target.name}, which then failed: ${why}. Its definition is intact; start it again.`,
      { data: { domain: domain.name, source: source.name, target: target.name }, cause },
    );
  }

  /** A host that is gone has forgotten the domain by itself. */
  private async quietly(host: SiteHost, call: 'migration.discard'): Promise<void> {
    if (!host.isUp) return;
    const options = { timeoutMs: UNDO_TIMEOUT_MS };
    await host.link.call(call, { domid: this.life.domid }, options).catch((error: unknown) => {
      const message = `${call} on ${host.name}: ${String(error)}`;
      this.parts.log.write('warning', 'migrate', message, this.domain.uuid);
    });
  }
}

function told({ number, bytes, ms, dirtied, estimatedStopMs }: MigrationRound): string {
  const sent = `${(bytes / MIB).toFixed(1)} MiB in ${ms.toFixed(0)} ms`;
  return `round ${number}: ${sent}, ${dirtied} pages written meanwhile; a stop now would take ${estimatedStopMs.toFixed(0)} ms`;
}

class EndedOnTheWay extends Error {
  constructor(ending: Ending) {
    super(ending.kind === 'crashed' ? ending.reason : `it ended (${ending.kind})`);
  }
}
