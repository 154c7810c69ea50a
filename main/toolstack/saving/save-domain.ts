/**
 * A domain's memory into a file.
 *
 * 1. It stops, and its stream is written beside the file's place.
 * 2. What it wrote to its disks is made stable, and what they are then is noted.
 * 3. The file becomes whole and gets its name.
 * 4. The store says that it is saved: from here on its start goes on from the file.
 * 5. Its worker goes.
 *
 * What fails before 4 is undone: it goes on. A kill before 4 leaves at most a file that nobody asks for.
 */
import { existsSync, rmSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import type { SaveDomain, SaveReport, Task } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { wrongState } from '../domains/life.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { RunningDomain } from '../domains/running-domain.ts';
import { requireUnprotected } from '../protection/why-not-protect.ts';
import type { SiteParts } from '../site-parts.ts';
import type { RunningTask } from '../tasks/task.ts';
import { freezeInto, goOn, recordOf } from './freeze.ts';
import type { Frozen } from './freeze.ts';
import { NewStateFile } from './state-file.ts';

/** Where the program keeps the memory of a saved domain. */
export function managedFile({ home }: Pick<SiteParts, 'home'>, uuid: string): string {
  return join(home.states, `${uuid}.saved`);
}

/** Errors `domain.*`, `state.*`; `storage.*` by the task. */
export function save(
  parts: SiteParts,
  domain: ManagedDomain,
  { file, leaveRunning = false }: Omit<SaveDomain, 'domain'>,
): Task {
  domain.requireIdle();
  requireUnprotected(domain, 'saved');
  if (domain.state !== 'running' && domain.state !== 'paused') {
    throw wrongState(domain.name, domain.state, 'saved');
  }
  if (file !== undefined) requireNew(file);
  if (leaveRunning && file === undefined) throw noFile(domain.name);
  const path = file ?? managedFile(parts, domain.uuid);
  const run = domain.worker;
  const { name, uuid } = domain;
  const to = file === undefined ? '' : ` to ${file}`;
  return parts.tasks.start(
    { kind: 'save', title: `Saving ${name}${to}`, domain: uuid, host: run.host.name },
    async (task) => {
      const report = await domain.exclusively('saved', () =>
        new Saving(parts, domain, run, task).run(path, file !== undefined, leaveRunning),
      );
      parts.events.add('info', 'domain.saved', `Domain ${name} was saved${to}.`, { domain: uuid });
      return { title: `Saved ${name}${to}`, result: { ...report, file: file ?? null } };
    },
  );
}

class Saving {
  private readonly parts: SiteParts;
  private readonly domain: ManagedDomain;
  private readonly life: RunningDomain;
  private readonly task: RunningTask;
  private readonly startedAtMs = performance.now();

  constructor(parts: SiteParts, domain: ManagedDomain, life: RunningDomain, task: RunningTask) {
    this.parts = parts;
    this.domain = domain;
    this.life = life;
    this.task = task;
  }

  async run(path: string, isOwn: boolean, leaveRunning: boolean): Promise<SaveReport> {
    const { parts, domain, life, task } = this;
    const file = await NewStateFile.create(path);
    // One that goes on here has to answer for each millisecond, and keeps its code itself.
    const code = leaveRunning ? null : new MessageChannel();
    try {
      task.progress(null, 'writing its memory');
      const freezing = code ? { stopFirst: true, code: code.port1 } : {};
      const frozen = await freezeInto(parts, domain, life, file, freezing);
      const report = await this.finish(file, frozen, isOwn, leaveRunning);
      if (code) parts.keptCode.keep(await file.identity(), code.port2);
      return report;
    } catch (error) {
      code?.port2.close();
      throw error;
    } finally {
      await file.close();
    }
  }

  /** It stands still: steps 2 to 5. */
  private async finish(
    file: NewStateFile,
    { sent, streamBytes }: Frozen,
    isOwn: boolean,
    leaveRunning: boolean,
  ): Promise<SaveReport> {
    const { domain, life, parts } = this;
    let resumedAtMs: number | null = null;
    let isPublished = false;
    try {
      await life.disks.settle();
      const record = await recordOf(parts, domain, life);
      if (leaveRunning) resumedAtMs = await goOn(domain, life);
      const bytes = await file.publish(streamBytes, record);
      isPublished = true;
      if (!leaveRunning) await this.end(isOwn ? file.path : null);
      const downtimeMs = resumedAtMs === null ? null : resumedAtMs - sent.stoppedAtMs;
      const totalMs = performance.now() - this.startedAtMs;
      return { file: file.path, bytes, pages: sent.pages, downtimeMs, totalMs };
    } catch (error) {
      if (isPublished) rmSync(file.path, { force: true });
      if (resumedAtMs === null && !life.isOver && domain.running === life) {
        await goOn(domain, life);
      }
      throw error;
    }
  }

  /** Steps 4 and 5. `path`: a person's file, which the program does not keep for it. */
  private async end(path: string | null): Promise<void> {
    const { parts, domain, life } = this;
    if (life.isOver) throw ended(domain.name);
    parts.domains.advance(
      domain,
      path === null
        ? { step: 'saved', reason: null }
        : { step: 'end', reason: `it was saved to ${path}` },
    );
    life.end({ kind: 'destroyed' });
    const { host, domid } = life;
    if (host.isUp) {
      await host.link.call('domain.destroy', { domid }).catch((error: unknown) => {
        parts.log.write('warning', 'save', `not ended: ${String(error)}`, domain.uuid);
      });
    }
    await life.disks.closeAll();
    parts.console.detach(domain.uuid);
    domain.running = null;
    parts.domains.tell(domain);
  }
}

/** Gives up what a saved domain would go on from. */
export function forgetSaved(parts: SiteParts, domain: ManagedDomain): void {
  parts.domains.advance(domain, { step: 'forget-saved', reason: 'its saved state was given up' });
  rmSync(managedFile(parts, domain.uuid), { force: true });
}

function requireNew(file: string): void {
  if (!isAbsolute(file) || file.includes('\0')) {
    throw new DomusError(
      'state.bad-path',
      `${JSON.stringify(file)} is no absolute path. Say where the file is to be from the root on.`,
      { data: { path: file } },
    );
  }
  if (!existsSync(file)) return;
  throw new DomusError(
    'state.file-exists',
    `There is a file ${file} already. Choose another name, or delete it first.`,
    { data: { path: file } },
  );
}

function noFile(name: string): DomusError {
  return new DomusError(
    'state.no-file',
    `Where ${name} is saved to while it goes on is not said. Name a file; a checkpoint has its disks too.`,
    { data: { domain: name } },
  );
}

function ended(name: string): DomusError {
  return new DomusError('domain.ended', `Domain ${name} ended while it was saved.`, {
    data: { domain: name },
  });
}
