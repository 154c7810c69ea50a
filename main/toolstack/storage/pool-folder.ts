/**
 * A pool's folder: its volumes are the regular files in it. What is said of them, and what is being
 * made, lies in a folder `.domus` beside them; it also tells the pool's folder from one that only
 * has its path, such as a mount point with nothing mounted.
 */
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { lstat, readFile, stat } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DiskFormat } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { writeAtomically } from '../files/atomic-file.ts';

const MARK = '.domus';
const UNFINISHED = '.part';
const STATED = '.json';

/** What a person said that a volume is: its content is a guest's and is not asked. */
const Statement = z.object({ format: DiskFormat });

let counter = 0;

export class PoolFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Marks the folder as a pool's. Throws the system's errors. */
  prepare(): void {
    if (!this.isThere) mkdirSync(this.workshop, { mode: 0o700 });
  }

  get isThere(): boolean {
    try {
      return statSync(this.workshop).isDirectory();
    } catch {
      return false;
    }
  }

  /** As {@link isThere}, for a folder that may not answer. */
  async isReady(): Promise<boolean> {
    try {
      return (await stat(this.workshop)).isDirectory();
    } catch {
      return false;
    }
  }

  at(volume: string): string {
    return join(this.path, volume);
  }

  /** Of files that are being made. */
  get workshop(): string {
    return join(this.path, MARK);
  }

  /** A name for a file that becomes a volume by being renamed. */
  newUnfinished(): string {
    return join(this.workshop, `${process.pid}-${Date.now()}-${counter++}${UNFINISHED}`);
  }

  isUnfinished(name: string): boolean {
    return name.endsWith(UNFINISHED);
  }

  /** Of a file that nobody said anything of: by its name. Error `volume.no-format`. */
  format(volume: string): DiskFormat {
    try {
      return formatIn(readFileSync(this.statementAt(volume), 'utf8'));
    } catch (error) {
      return this.formatWithout(volume, error);
    }
  }

  /** As {@link format}, for a folder that may not answer. */
  async readFormat(volume: string): Promise<DiskFormat> {
    try {
      return formatIn(await readFile(this.statementAt(volume), 'utf8'));
    } catch (error) {
      return this.formatWithout(volume, error);
    }
  }

  /** Changes with what was said of a volume. */
  async statementStamp(volume: string): Promise<string> {
    try {
      return fileStamp(await lstat(this.statementAt(volume), { bigint: true }));
    } catch {
      return 'none';
    }
  }

  /** Errors `storage.*`. */
  state(volume: string, format: DiskFormat): void {
    writeAtomically(this.statementAt(volume), [Buffer.from(JSON.stringify({ format }))]);
  }

  forget(volume: string): void {
    rmSync(this.statementAt(volume), { force: true });
  }

  /** What was said of volumes that are not there: of those that were never finished. */
  forgetMissing(): void {
    for (const name of readdirSync(this.workshop)) {
      const volume = name.endsWith(STATED) ? name.slice(0, -STATED.length) : null;
      if (volume && !lstatSync(this.at(volume), { throwIfNoEntry: false })) this.forget(volume);
    }
  }

  private formatWithout(volume: string, cause: unknown): DiskFormat {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      return volume.endsWith('.qcow2') ? 'qcow2' : 'raw';
    }
    throw new DomusError(
      'volume.no-format',
      `What was said of the format of ${this.at(volume)} cannot be read. Delete ${this.statementAt(volume)}; the format is then taken by the end of its name.`,
      { data: { volume }, cause },
    );
  }

  private statementAt(volume: string): string {
    return join(this.workshop, volume + STATED);
  }
}

/** Changes with a file's content, and with what has its name. */
export function fileStamp(stat: BigIntStats): string {
  return `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
}

function formatIn(statement: string): DiskFormat {
  return Statement.parse(JSON.parse(statement)).format;
}
