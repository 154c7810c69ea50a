/**
 * The golden snapshots of this machine: files in a cache that several homes share, loaded once and
 * shared by all clones of this process. What is missing, or not for this program, is made anew.
 */
import { renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { loadTranslatedCode } from '../../hypervisor/index.ts';
import type { TranslatedCode } from '../../hypervisor/index.ts';
import type { EventBook } from '../events/event-book.ts';
import { ProcessLock } from '../files/process-lock.ts';
import { DamagedSnapshot, readGolden, writeGolden } from './golden-file.ts';
import type { GoldenSnapshot } from './golden-file.ts';
import { goldenClasses, goldenFileName, imagePart, versionPart } from './golden-key.ts';
import type { GoldenKey, MachineVersions } from './golden-key.ts';
import { goldenNames, makeRoom, removeImage, removeSuperseded } from './golden-shelf.ts';
import { GoldenUsers } from './golden-users.ts';

const LOADED_BYTES = 768 << 20;

/** Makes a snapshot by booting; told when there is nothing to wait for but the boot itself. */
export type GoldenBuilder = (key: GoldenKey) => Promise<Omit<GoldenSnapshot, 'key'>>;

/** Ready to be cloned. */
export interface LoadedSnapshot extends Omit<GoldenSnapshot, 'code'> {
  code: TranslatedCode;
}

export interface GoldenLibraryOptions {
  folder: string;
  versions: MachineVersions;
  events: EventBook;
  /** Ids of the images that there are: snapshots of others are of no use. */
  images(): Promise<readonly string[]>;
  /** Snapshots came or went. */
  changed(): void;
}

export class GoldenLibrary {
  private readonly options: GoldenLibraryOptions;
  /** Least recently used first. */
  private readonly loaded = new Map<string, LoadedSnapshot>();
  private readonly making = new Map<string, Promise<LoadedSnapshot>>();
  private readonly users: GoldenUsers;

  constructor(options: GoldenLibraryOptions) {
    this.options = options;
    this.users = new GoldenUsers(options.folder, versionPart(options.versions));
  }

  /** Other versions' programs may take this version's snapshots away from now on. */
  close(): void {
    this.users.close();
  }

  key(image: string, maxMemoryMiB: number): GoldenKey {
    return { image, maxMemoryMiB, versions: this.options.versions };
  }

  /** Memory classes, MiB, for which `image` has a snapshot. */
  classes(image: string): number[] {
    return goldenClasses(goldenNames(this.options.folder), image, this.options.versions);
  }

  /** The snapshot if there is one; `obtain` makes it. Damaged ones are set aside. */
  async find(key: GoldenKey): Promise<LoadedSnapshot | null> {
    const name = goldenFileName(key);
    const known = this.loaded.get(name);
    if (known) {
      return this.remember(name, known);
    }
    const snapshot = await this.read(key);
    return snapshot && this.load(name, snapshot);
  }

  /**
   * The snapshot, made with `build` where it is missing: once, however many ask, in however many
   * processes. Who gives up waiting does not stop the making.
   */
  async obtain(key: GoldenKey, build: GoldenBuilder): Promise<LoadedSnapshot> {
    const found = await this.find(key);
    if (found) return found;
    const name = goldenFileName(key);
    let making = this.making.get(name);
    if (!making) {
      making = this.make(key, build).finally(() => this.making.delete(name));
      this.making.set(name, making);
    }
    return making;
  }

  /** Removes the snapshots of an image that is gone. */
  forget(image: string): void {
    for (const [name, { key }] of this.loaded) {
      if (key.image === image) this.loaded.delete(name);
    }
    removeImage(this.options.folder, imagePart(image));
    this.options.changed();
  }

  private async make(key: GoldenKey, build: GoldenBuilder): Promise<LoadedSnapshot> {
    const name = goldenFileName(key);
    const lock = await ProcessLock.acquire(
      join(this.options.folder, `${name}.lock`),
      new AbortController().signal,
    );
    try {
      const made = await this.read(key);
      if (made) return await this.load(name, made);
      const snapshot: GoldenSnapshot = { key, ...(await build(key)) };
      const loaded = await this.load(name, snapshot);
      await this.publish(name, snapshot);
      return loaded;
    } finally {
      lock.release();
      this.options.changed();
    }
  }

  /** A snapshot that cannot be kept still serves this process. */
  private async publish(name: string, snapshot: GoldenSnapshot): Promise<void> {
    const { folder } = this.options;
    await this.removeSuperseded();
    try {
      makeRoom(folder, snapshot.stream.byteLength + snapshot.code.byteLength);
      writeGolden(join(folder, name), snapshot);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.options.events.add(
        'warning',
        'golden.not-kept',
        `The ${snapshot.key.maxMemoryMiB} MiB snapshot is used, but could not be kept: ${why}`,
      );
    }
  }

  private async removeSuperseded(): Promise<void> {
    const { folder, events } = this.options;
    try {
      const images = new Set((await this.options.images()).map(imagePart));
      removeSuperseded(folder, { versions: this.users.versionsInUse(), images });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const sentence = `Snapshots that nobody needs could not be removed from ${folder}: ${why}`;
      events.add('warning', 'golden.not-removed', sentence);
    }
  }

  private async read(key: GoldenKey): Promise<GoldenSnapshot | null> {
    const path = join(this.options.folder, goldenFileName(key));
    this.users.announce();
    try {
      const snapshot = await readGolden(path, key);
      if (snapshot) utimesSync(path, new Date(), new Date());
      return snapshot;
    } catch (error) {
      this.setAside(path, error);
      return null;
    }
  }

  private setAside(path: string, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    const aside = `${path}.${error instanceof DamagedSnapshot ? 'corrupt' : 'unreadable'}`;
    try {
      renameSync(path, aside);
    } catch {
      return; // another process was faster
    }
    this.options.events.add(
      'warning',
      'golden.set-aside',
      `A snapshot could not be used (${why}). It was kept as ${aside}, and a new one is made.`,
    );
  }

  /** One that somebody else has loaded meanwhile serves all. */
  private async load(name: string, snapshot: GoldenSnapshot): Promise<LoadedSnapshot> {
    const code = await loadTranslatedCode(snapshot.code);
    return this.remember(name, this.loaded.get(name) ?? { ...snapshot, code });
  }

  private remember(name: string, snapshot: LoadedSnapshot): LoadedSnapshot {
    this.loaded.delete(name);
    this.loaded.set(name, snapshot);
    let bytes = 0;
    for (const each of this.loaded.values()) bytes += sizeOf(each);
    for (const [oldest, each] of this.loaded) {
      if (bytes <= LOADED_BYTES || oldest === name) break;
      this.loaded.delete(oldest);
      bytes -= sizeOf(each);
    }
    return snapshot;
  }
}

function sizeOf({ stream, code }: LoadedSnapshot): number {
  return stream.byteLength + code.workspace.buffer.byteLength;
}
