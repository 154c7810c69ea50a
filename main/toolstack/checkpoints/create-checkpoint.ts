/**
 * A domain's memory and its disks at one instant, while it runs.
 *
 * 1. Empty overlays over its disks are made, and its memory is written round by round.
 * 2. It stops, and the rest of its memory is written.
 * 3. Its disks are made stable; from here on it would write to the overlays.
 * 4. The store says so, and that there is a checkpoint that is not whole yet.
 * 5. It goes on.
 * 6. The file becomes whole, and then the checkpoint.
 *
 * What fails before 4 is undone. After it the domain runs on its overlays, whatever becomes of the
 * checkpoint: one that is not whole is forgotten at the next start, and what it had for disks lies
 * beneath.
 */
import { randomUUID } from 'node:crypto';
import type { CheckpointReport, Task } from '../../../shared/contract/index.ts';
import type { NewOverlay } from '../disks/open-disks.ts';
import { wrongState } from '../domains/life.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { RunningDomain } from '../domains/running-domain.ts';
import { requireUnprotected } from '../protection/why-not-protect.ts';
import { freezeInto, recordOf } from '../saving/freeze.ts';
import type { Frozen } from '../saving/freeze.ts';
import type { StateRecord } from '../saving/state-record.ts';
import { NewStateFile } from '../saving/state-file.ts';
import type { SiteParts } from '../site-parts.ts';
import type { CheckpointRecord } from '../store/checkpoint-table.ts';
import type { RunningTask } from '../tasks/task.ts';
import { branchDisks } from './branch-disks.ts';
import { checkpointFile, countCheckpoints, view } from './checkpoint-book.ts';
import { makeOverlays, takeBack, writtenDisks } from './new-overlays.ts';

/** Errors `domain.*`, `checkpoint.*`; `storage.*`, `volume.*` and `disk.*` by the task. */
export function createCheckpoint(
  parts: SiteParts,
  domain: ManagedDomain,
  label: string = timeLabel(),
): Task {
  domain.requireIdle();
  requireUnprotected(domain, 'given a checkpoint');
  if (domain.state !== 'running' && domain.state !== 'paused') {
    throw wrongState(domain.name, domain.state, 'given a checkpoint');
  }
  writtenDisks(domain);
  const { name, uuid } = domain;
  const run = domain.worker;
  return parts.tasks.start(
    {
      kind: 'checkpoint',
      title: `Making a checkpoint of ${name}`,
      domain: uuid,
      host: run.host.name,
    },
    async (task) => {
      const report = await domain.exclusively('given a checkpoint', () =>
        new Making(parts, domain, run, task, label).run(),
      );
      const down = report.downtimeMs?.toFixed(report.downtimeMs < 10 ? 1 : 0) ?? '0';
      return { title: `Made checkpoint “${label}” of ${name} (${down} ms down)`, result: report };
    },
  );
}

class Making {
  private readonly parts: SiteParts;
  private readonly domain: ManagedDomain;
  private readonly life: RunningDomain;
  private readonly task: RunningTask;
  private readonly label: string;
  private readonly id = randomUUID();
  private readonly startedAtMs = performance.now();

  constructor(
    parts: SiteParts,
    domain: ManagedDomain,
    life: RunningDomain,
    task: RunningTask,
    label: string,
  ) {
    this.parts = parts;
    this.domain = domain;
    this.life = life;
    this.task = task;
    this.label = label;
  }

  async run(): Promise<CheckpointReport> {
    const { parts, domain, life, task } = this;
    const file = await NewStateFile.create(checkpointFile(parts, this.id));
    try {
      const overlays = await makeOverlays(parts, domain, life);
      task.progress(null, 'writing its memory');
      const { sent, streamBytes } = await this.freeze(file, overlays);
      const { record, resumedAtMs } = await this.branch(overlays);
      task.progress(0.9, 'making it stable');
      const bytes = await file.publish(streamBytes, record);
      return {
        checkpoint: view(this.complete(bytes)),
        bytes,
        pages: sent.pages,
        downtimeMs: resumedAtMs - sent.stoppedAtMs,
        totalMs: performance.now() - this.startedAtMs,
      };
    } catch (error) {
      this.forget();
      throw error;
    } finally {
      await file.close();
    }
  }

  private async freeze(file: NewStateFile, overlays: readonly NewOverlay[]): Promise<Frozen> {
    const { parts, domain, life } = this;
    try {
      return await freezeInto(parts, domain, life, file);
    } catch (error) {
      await takeBack(parts, overlays);
      throw error;
    }
  }

  /** Steps 3 to 5. */
  private async branch(
    overlays: readonly NewOverlay[],
  ): Promise<{ record: StateRecord; resumedAtMs: number }> {
    const { parts, domain, life } = this;
    let record: StateRecord | null = null;
    const resumedAtMs = await branchDisks(parts, domain, life, overlays, async () => {
      const made = await recordOf(parts, domain, life);
      record = made;
      return () => this.insert(made);
    });
    return { record: record!, resumedAtMs };
  }

  private insert(record: StateRecord): void {
    const { checkpoints } = this.parts.store;
    const { uuid, definition } = this.domain;
    const parent = checkpoints.of(uuid).find(({ isCurrent }) => isCurrent)?.id ?? null;
    checkpoints.insert({
      id: this.id,
      domain: uuid,
      parent,
      label: this.label,
      createdAtMs: record.savedAtMs,
      bytes: 0,
      disks: definition.disks,
      picture: record.picture,
      isWhole: false,
      isCurrent: true,
    });
  }

  /** Its disks stay what they are: layers that nothing names. */
  private forget(): void {
    const { parts, domain, id } = this;
    const record = parts.store.checkpoints.of(domain.uuid).find((one) => one.id === id);
    if (record) parts.store.checkpoints.remove(record);
  }

  private complete(bytes: number): CheckpointRecord {
    const { parts, domain, id } = this;
    parts.store.checkpoints.setWhole(id, bytes);
    countCheckpoints(parts, domain.uuid);
    parts.poolViews.changed();
    const { name, uuid } = domain;
    const text = `A checkpoint of ${name} was made: ${this.label}.`;
    parts.events.add('info', 'checkpoint.made', text, { domain: uuid });
    return parts.store.checkpoints.of(uuid).find((one) => one.id === id)!;
  }
}

function timeLabel(): string {
  const now = new Date();
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return `${date} ${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
}
