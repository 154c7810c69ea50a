/**
 * One disk of a running domain on its way to another volume (ADR 15). Steps, in this order; what fails
 * before the copy is kept is taken back by `undo`.
 */
import type { MirrorProgress } from '../../dom0/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { LockedFile } from '../disks/locked-file.ts';
import type { OpenDisks, OpenMirror } from '../disks/open-disks.ts';
import type { LogBook } from '../log/log-book.ts';
import type { DiskDefinition } from '../store/domain-table.ts';
import type { Store } from '../store/store.ts';
import type { PlannedCopy } from './plan-copies.ts';
import type { Storage } from './storage.ts';
import { discard, publish, removeVolumeFile } from './volume-file.ts';

export interface CopyParts {
  readonly storage: Storage;
  readonly store: Store;
  readonly log: LogBook;
}

export class DiskCopy {
  /** `POOL/VOLUME` of the original, and of the copy. */
  readonly from: string;
  readonly to: string;
  readonly plan: PlannedCopy;
  /** Written to the copy until now. */
  sentBytes = 0;
  private readonly parts: CopyParts;
  private readonly user: string;
  private claim: (() => void) | null = null;
  private file: LockedFile | null = null;
  private mirror: OpenMirror | null = null;
  private isPublished = false;
  private isKept = false;
  private isUndone = false;
  private copying: Promise<void> = Promise.resolve();

  /** @param user whose copy it is: `domain web1` */
  constructor(parts: CopyParts, plan: PlannedCopy, user: string) {
    this.parts = parts;
    this.plan = plan;
    this.user = user;
    this.from = plan.disk.source;
    this.to = `${plan.pool.name}/${plan.volume}`;
  }

  /** What the domain's definition says once the copy is its disk. */
  get definition(): DiskDefinition {
    return { ...this.plan.disk, source: this.to };
  }

  /**
   * Copies; settles when both are the same, and what is written goes to both. Errors `disk.*`,
   * `volume.*`, `storage.*`.
   */
  copy(
    disks: OpenDisks,
    bytesPerSecond: number,
    tell: (progress: MirrorProgress) => void,
  ): Promise<void> {
    this.copying = this.begin(disks, bytesPerSecond, tell);
    return this.copying;
  }

  private async begin(
    disks: OpenDisks,
    bytesPerSecond: number,
    tell: (progress: MirrorProgress) => void,
  ): Promise<void> {
    const { storage } = this.parts;
    const { disk, pool, volume } = this.plan;
    const spec = disks.specs.find(({ name }) => name === disk.name);
    if (!spec) throw new Error(`${disk.name} is not open`);
    this.claim = storage.claim(pool, volume, this.user);
    this.file = await storage.newFile(pool, this.user);
    const file = { fd: this.file.fd, format: disk.format, label: this.to };
    await storage.jobs(pool.name).call('disk.create', { file, bytes: spec.bytes });
    this.requireWanted();
    this.mirror = await disks.mirror(disk.name, file, bytesPerSecond);
    this.requireWanted();
    await this.mirror.copied((progress) => {
      this.sentBytes = progress.sentBytes;
      tell(progress);
    });
  }

  /** It gets its name; from now on a killed program leaves it, and the next one deletes it. */
  async publish(): Promise<void> {
    const { pool, volume, disk } = this.plan;
    if (!this.file) throw new Error('there is no copy');
    this.parts.store.doomedVolumes.add(this.to);
    try {
      await publish(pool, volume, this.file, disk.format);
      this.isPublished = true;
    } catch (error) {
      // Its folder may have done so later; but another's volume is never ours to delete.
      this.isPublished = DomusError.toData(error).code !== 'volume.exists';
      throw error;
    }
  }

  /** Either may be the disk from now on. Errors `disk.*`: they differ. */
  async bind(): Promise<void> {
    await this.mirror?.bind();
  }

  /** Within the transaction that makes it the disk: from now on it is the original that goes. */
  note(keepsOriginal: boolean): void {
    const { doomedVolumes, checkpoints } = this.parts.store;
    doomedVolumes.remove(this.to);
    if (!keepsOriginal) doomedVolumes.add(this.from);
    // Kept, it is a person's from now on; else its name is free.
    checkpoints.removeLayer(this.from);
  }

  /** After that transaction. Errors `disk.*`: the domain has ended; the copy is complete all the same. */
  async keep(): Promise<void> {
    const { mirror, file, plan } = this;
    if (!mirror || !file) throw new Error('there is no copy');
    const chain = [{ fd: file.fd, format: plan.disk.format, label: this.to }];
    const wire = { kind: 'files' as const, chain };
    const content = { wire, medium: file.medium, close: () => file.close() };
    await mirror.keepCopy(this.definition, content);
    this.isKept = true;
  }

  /** After that transaction, in whatever way it went on; `disks` is closed if the copy was not kept. */
  async release(): Promise<void> {
    const { file, claim, isKept } = this;
    await this.plan.pool.folder.turns.leave(async () => {
      if (!isKept) await file?.close();
      claim?.();
    });
  }

  /** Before that transaction: nothing is left of the copy. Never fails. */
  async undo(): Promise<void> {
    const { pool, volume } = this.plan;
    this.isUndone = true;
    await this.mirror?.keepOriginal();
    await this.copying.catch(() => undefined);
    // It may have begun after it was asked to end.
    await this.mirror?.keepOriginal();
    if (this.isPublished) await removeVolumeFile(pool, volume);
    await discard(pool, this.file, this.claim);
    try {
      if (!pool.folder.turns.isLate) this.parts.store.doomedVolumes.remove(this.to);
    } catch (error) {
      this.parts.log.write('warning', 'storage', `${this.to} stays noted: ${String(error)}`);
    }
  }

  private requireWanted(): void {
    if (!this.isUndone) return;
    throw new DomusError('disk.stopped', `The copy of ${this.from} to ${this.to} was stopped.`);
  }
}
