/**
 * The disks of one life of a domain, while they are open: descriptors, locks, rings, and the worker
 * that serves each. Steps are taken one after the other.
 */
import { DomusError } from '../../../shared/errors.ts';
import type { DiskFile, MirrorProgress } from '../../dom0/index.ts';
import { createDiskRing, diskCounters } from '../../dom0/index.ts';
import type { DiskSpec } from '../control/host.contract.ts';
import type { DiskDefinition } from '../store/domain-table.ts';
import type { OpenSource } from '../storage/open-source.ts';
import type { DiskUser } from './disk-locks.ts';
import type { IoLink } from './io-link.ts';
import type { LockedFile } from './locked-file.ts';

export interface DiskLife {
  domid: number;
  /** Its present name. */
  name(): string;
  /** Where it is now. */
  host(): string;
  /** Rung by the workers. */
  doorbell: SharedArrayBuffer;
}

/** What all lives share. */
export interface DiskKeeper {
  /** The folder of the site. */
  readonly home: string;
  /** Opens and locks a disk's content. Errors `disk.*`, `volume.*`, `pool.*`. */
  open(definition: DiskDefinition, user: DiskUser, host: string): Promise<OpenSource>;
  log(level: 'warning' | 'error', message: string): void;
  /** Who serves the next disk on a medium. */
  worker(medium: string): IoLink;
  /** `source` is being let go of until `done`, which never fails. */
  letsGo(source: string, done: Promise<void>): void;
  /** Settles when nobody of this site is letting go of it. */
  settled(source: string): Promise<void>;
  forget(disks: OpenDisks): void;
}

/** An empty overlay over what a disk is now. */
export interface NewOverlay {
  /** With the overlay as its source. */
  definition: DiskDefinition;
  file: LockedFile;
  label: string;
}

export interface Branch {
  undo(): Promise<void>;
  /** Nothing is undone any more: what is written no more may be read by others. */
  share(): void;
}

interface OpenOne {
  definition: DiskDefinition;
  content: OpenSource;
  worker: IoLink;
  spec: DiskSpec;
  /** Its content is a copy, and its worker still the original's. */
  isElsewhere?: boolean;
}

/** A disk that is copied while it is used. The copy's file is the caller's until `keepCopy` is done. */
export interface OpenMirror {
  /** Settles when both are the same and what is written goes to both. Errors `disk.*`. */
  copied(tell: (progress: MirrorProgress) => void): Promise<void>;
  /** Nothing is acknowledged any more that only one of both has. Errors `disk.*`: they differ. */
  bind(): Promise<void>;
  /**
   * The copy is the disk from now on, and belongs to this life; the original is let go of. Error
   * `disk.not-open`: the life has ended, and nothing uses the copy.
   */
  keepCopy(definition: DiskDefinition, content: OpenSource): Promise<void>;
  /** Nothing uses the copy any more. Never fails. */
  keepOriginal(): Promise<void>;
}

export class OpenDisks {
  readonly domid: number;
  private readonly service: DiskKeeper;
  private readonly life: DiskLife;
  private readonly open = new Map<string, OpenOne>();
  private work: Promise<unknown> = Promise.resolve();
  private ending: Promise<void> | null = null;

  constructor(service: DiskKeeper, life: DiskLife) {
    this.service = service;
    this.life = life;
    this.domid = life.domid;
  }

  /** In the order in which they were attached. */
  get specs(): DiskSpec[] {
    return [...this.open.values()].map(({ spec }) => spec);
  }

  uses(worker: IoLink): boolean {
    return [...this.open.values()].some((one) => one.worker === worker);
  }

  /**
   * Opens a disk, and takes it for this domain. `ring`: that its guest has already. Errors `disk.in-use` and others of `disk.*`; then
   * nothing of it is open.
   */
  add(definition: DiskDefinition, ring = createDiskRing()): Promise<DiskSpec> {
    return this.inTurn(async () => {
      await this.service.settled(definition.source);
      if (this.ending) throw closed(definition.name);
      const user = { user: `domain ${this.life.name()}`, home: this.service.home };
      const content = await this.service.open(definition, user, this.life.host());
      try {
        if (this.ending) throw closed(definition.name);
        const one = { definition, content, worker: this.service.worker(content.medium) };
        const spec = await this.serve(one, ring);
        this.open.set(definition.name, { ...one, spec });
        return spec;
      } catch (error) {
        await content.close();
        throw error;
      }
    });
  }

  /** Grows a disk; answers with its size. Errors `disk.*`. */
  resize(name: string, bytes: number): Promise<number> {
    return this.inTurn(async () => {
      const one = this.named(name);
      const answer = await one.worker.call('disk.resize', { disk: this.id(name), bytes });
      one.spec.bytes = answer.bytes;
      return answer.bytes;
    });
  }

  /** Lets go of a disk that the domain uses no more. What may not be stable is logged. */
  remove(name: string): Promise<void> {
    const source = this.open.get(name)?.definition.source;
    const done = this.inTurn(() => this.letGo(name));
    if (source !== undefined) this.service.letsGo(source, done);
    return done;
  }

  /** Lets go of all, for good: its thread is gone. Never fails. */
  closeAll(): Promise<void> {
    if (this.ending) return this.ending;
    const sources = [...this.open.values()].map(({ definition }) => definition.source);
    this.ending = this.inTurn(async () => {
      for (const name of [...this.open.keys()]) await this.letGo(name);
      this.service.forget(this);
    });
    for (const source of sources) this.service.letsGo(source, this.ending);
    return this.ending;
  }

  /** Begins to copy a disk to a file that was made for it, of its size. Errors `disk.*`. */
  async mirror(name: string, to: DiskFile, bytesPerSecond: number): Promise<OpenMirror> {
    const disk = this.id(name);
    const one = this.named(name);
    const { worker } = one;
    await this.inTurn(() => {
      this.requireOpen(name, one);
      return worker.call('disk.mirror', { disk, to, bytesPerSecond });
    });
    return {
      copied: async (tell) => {
        const off = worker.on('disk.mirrored', (progress) => {
          if (progress.disk === disk) tell(progress);
        });
        await worker.call('disk.copyMirror', { disk }).finally(off);
      },
      bind: () => worker.call('disk.bindMirror', { disk }),
      keepCopy: (definition, content) =>
        this.inTurn(async () => {
          this.requireOpen(name, one);
          await worker.call('disk.unmirror', { disk, keep: 'copy' });
          await one.content.close();
          Object.assign(one, { definition, content, isElsewhere: true });
        }),
      keepOriginal: () =>
        this.inTurn(async () => {
          if (this.open.get(name) !== one) return;
          // It fails when the worker is gone.
          await worker.call('disk.unmirror', { disk, keep: 'original' }).catch(() => undefined);
        }),
    };
  }

  /** For its life on another host: the same disks, with rings that nobody serves yet. */
  withNewRings(): DiskSpec[] {
    return this.specs.map((spec) => ({ ...spec, ring: createDiskRing() }));
  }

  /**
   * The domain has stopped where it was: ends the rings there, and serves those of {@link withNewRings}.
   * Errors `disk.*`: what was written may not be stable.
   */
  moveTo(specs: readonly DiskSpec[]): Promise<void> {
    return this.inTurn(async () => {
      for (const { name, ring } of specs) {
        const one = this.named(name);
        await one.worker.call('disk.close', { disk: this.id(name), isPatient: true });
        // One that was copied may lie on another medium, which has workers of its own.
        if (one.isElsewhere) one.worker = this.service.worker(one.content.medium);
        one.isElsewhere = false;
        // They go on where they were.
        diskCounters(ring).set(diskCounters(one.spec.ring));
        one.spec = await this.serve(one, ring);
      }
    });
  }

  /**
   * Its thread is gone, and another goes on with it: ends what was asked for, and serves those of
   * {@link withNewRings}. The disks stay open: what they know of the writes that are not stable yet stays.
   * Errors `disk.*`.
   */
  handTo(specs: readonly DiskSpec[]): Promise<void> {
    return this.inTurn(async () => {
      await Promise.all(
        specs.map(async ({ name, ring }) => {
          const one = this.named(name);
          const { doorbell } = this.life;
          diskCounters(ring).set(diskCounters(one.spec.ring));
          await one.worker.call('disk.handOver', { disk: this.id(name), ring, doorbell });
          one.spec = { ...one.spec, ring };
        }),
      );
    });
  }

  /** The domain has stopped: its files are as they would be closed. Errors `disk.*`. */
  settle(): Promise<void> {
    return this.inTurn(async () => {
      for (const [name, { definition, content, worker }] of this.open) {
        if (definition.readOnly || content.wire.kind !== 'files') continue;
        await worker.call('disk.switch', { disk: this.id(name), source: content.wire });
      }
    });
  }

  /** What a disk is made of now, its own file first; null of one that is no chain of files. */
  chainOf(name: string): readonly DiskFile[] | null {
    const { wire } = this.named(name).content;
    return wire.kind === 'files' ? wire.chain : null;
  }

  /**
   * The domain has stopped: what it writes from now on goes into new overlays, and what it had is
   * stable and written no more. The overlays are this life's from here on. Answers with what undoes
   * it, before the domain writes anything. Errors `disk.*`; then all is as it was, and the overlays are
   * the caller's.
   */
  branch(overlays: readonly NewOverlay[]): Promise<Branch> {
    return this.inTurn(async () => {
      const before = new Map<string, OpenOne>();
      const undo = async (): Promise<void> => {
        for (const [name, one] of before) {
          await one.worker.call('disk.switch', { disk: this.id(name), source: one.content.wire });
          this.open.set(name, one);
        }
      };
      try {
        for (const overlay of overlays) {
          const one = this.named(overlay.definition.name);
          const content = over(overlay, one.content);
          const { worker } = one;
          await worker.call('disk.switch', {
            disk: this.id(overlay.definition.name),
            source: content.wire,
          });
          before.set(overlay.definition.name, one);
          this.open.set(overlay.definition.name, {
            ...one,
            definition: overlay.definition,
            content,
          });
        }
      } catch (error) {
        await undo();
        throw error;
      }
      return {
        undo: () => this.inTurn(undo),
        share: () => {
          for (const { content } of before.values()) content.share?.();
        },
      };
    });
  }

  private async serve(one: Omit<OpenOne, 'spec'>, ring: SharedArrayBuffer): Promise<DiskSpec> {
    const { definition, content, worker } = one;
    const { name, readOnly, onError } = definition;
    const opened = await worker.call('disk.open', {
      disk: this.id(name),
      source: content.wire,
      readOnly,
      ring,
      doorbell: this.life.doorbell,
    });
    if (opened.readOnly && !readOnly) {
      await worker.call('disk.close', { disk: this.id(name) });
      throw notWritable(definition);
    }
    const discard = definition.discard && !readOnly && opened.discardBytes > 0;
    return { name, bytes: opened.bytes, readOnly, discard, onError, ring };
  }

  /** Descriptors and locks go after the worker's last access. */
  private async letGo(name: string): Promise<void> {
    const one = this.open.get(name);
    if (!one) return;
    const { worker, content, definition } = one;
    this.open.delete(name);
    try {
      await worker.call('disk.close', { disk: this.id(name) });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.service.log(
        'error',
        `${definition.source} of domain ${this.life.name()} was not closed well: ${why}`,
      );
    } finally {
      await content.close();
    }
  }

  private requireOpen(name: string, one: OpenOne): void {
    if (this.open.get(name) !== one) throw closed(name);
  }

  private named(name: string): OpenOne {
    const one = this.open.get(name);
    if (one) return one;
    throw closed(name);
  }

  /** In the worker: a domid is unique in the site. */
  private id(name: string): string {
    return `${this.domid}/${name}`;
  }

  private inTurn<T>(step: () => Promise<T>): Promise<T> {
    const done = this.work.then(step);
    this.work = done.catch(() => undefined);
    return done;
  }
}

function over({ file, label }: NewOverlay, beneath: OpenSource): OpenSource {
  if (beneath.wire.kind !== 'files') throw new Error('an overlay lies over files');
  const top: DiskFile = { fd: file.fd, format: 'qcow2', label };
  return {
    wire: { kind: 'files', chain: [top, ...beneath.wire.chain] },
    medium: beneath.medium,
    share: () => file.share(),
    close: async () => {
      await file.close();
      await beneath.close();
    },
  };
}

function closed(name: string): DomusError {
  return new DomusError('disk.not-open', `The disk ${name} is not open: its domain has ended.`, {
    data: { disk: name },
  });
}

/** An NBD server says so only when it is asked. */
function notWritable({ name, source }: DiskDefinition): DomusError {
  return new DomusError(
    'disk.read-only',
    `The disk ${name} (${source}) can only be read. Attach it read-only.`,
    { data: { disk: name, source } },
  );
}
