/** The disks of a domain that go to other volumes together: all of them, or none. */
import type { CopiedDisk } from '../../../shared/contract/index.ts';
import type { MirrorProgress } from '../../dom0/index.ts';
import type { OpenDisks } from '../disks/open-disks.ts';
import type { DiskDefinition } from '../store/domain-table.ts';
import { DiskCopy } from './disk-copy.ts';
import type { CopyParts } from './disk-copy.ts';
import { deleteDoomed } from './doomed-volumes.ts';
import type { PlannedCopy } from './plan-copies.ts';
import type { StorageParts } from './storage-parts.ts';

const MIB = 2 ** 20;

export interface CopyOptions {
  /** The most that they may take together. */
  bytesPerSecond: number;
  /** Originals are not deleted. */
  keepsOriginals: boolean;
}

export class DiskCopies {
  private readonly parts: StorageParts & CopyParts;
  private readonly copies: DiskCopy[];
  private readonly options: CopyOptions;

  /** @param user whose copies they are: `domain web1` */
  constructor(
    parts: StorageParts & CopyParts,
    plans: readonly PlannedCopy[],
    user: string,
    options: CopyOptions,
  ) {
    this.parts = parts;
    this.options = options;
    this.copies = plans.map((plan) => new DiskCopy(parts, plan, user));
  }

  get isEmpty(): boolean {
    return this.copies.length === 0;
  }

  get report(): CopiedDisk[] {
    return this.copies.map(({ plan, from, to, sentBytes }) => ({
      name: plan.disk.name,
      from,
      to,
      bytes: sentBytes,
    }));
  }

  /**
   * Copies one after the other; settles when all are the same as their originals, stay so, and have
   * their names. `tell`: a fraction of 1, and the step. Errors `disk.*`, `volume.*`, `storage.*`.
   */
  async copy(disks: OpenDisks, tell: (fraction: number, detail: string) => void): Promise<void> {
    const { bytesPerSecond } = this.options;
    for (const [index, copy] of this.copies.entries()) {
      await copy.copy(disks, bytesPerSecond, (progress) => {
        const fraction = (index + progress.bytes / progress.totalBytes) / this.copies.length;
        tell(fraction, told(copy, progress));
      });
    }
    for (const copy of this.copies) await copy.publish();
    if (!this.isEmpty) this.parts.poolViews.changed();
  }

  /** Nothing is acknowledged any more that a copy or its original lacks. Errors `disk.*`: they differ. */
  async bind(): Promise<void> {
    await Promise.all(this.copies.map((copy) => copy.bind()));
  }

  /** A domain's disks with the copies in their originals' places. */
  definitions(disks: readonly DiskDefinition[]): DiskDefinition[] {
    return disks.map(
      (disk) => this.copies.find(({ plan }) => plan.disk.name === disk.name)?.definition ?? disk,
    );
  }

  /** Within the transaction that stores {@link definitions}. */
  note(): void {
    for (const copy of this.copies) copy.note(this.options.keepsOriginals);
  }

  /** After it. Errors `disk.*`: the domain has ended; copies are complete all the same. */
  async keep(): Promise<void> {
    for (const copy of this.copies) await copy.keep();
  }

  /** At the end, well or not, of what came after that transaction; a life that ended is closed. */
  async finish(): Promise<void> {
    for (const copy of this.copies) await copy.release();
    if (this.isEmpty) return;
    if (!this.options.keepsOriginals) {
      for (const { from } of this.copies) await deleteDoomed(this.parts, from);
    }
    this.parts.poolViews.changed();
  }

  /** Before that transaction: nothing is left of them. Never fails. */
  async undo(): Promise<void> {
    for (const copy of this.copies) await copy.undo();
    if (!this.isEmpty) this.parts.poolViews.changed();
  }
}

function told({ plan, to }: DiskCopy, progress: MirrorProgress): string {
  const [done, all, left] = [progress.bytes, progress.totalBytes, progress.leftBytes].map((bytes) =>
    Math.round(bytes / MIB),
  );
  const step =
    progress.pass === 1 ? `${done} of ${all} MiB` : `${left} MiB left, written meanwhile`;
  return `copying ${plan.disk.name} to ${to}: ${step}`;
}
