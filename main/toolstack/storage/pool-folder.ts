/**
 * A pool's folder: its volumes are the regular files in it. What is said of them, and what is being
 * made, lies in a folder `.domus` beside them; it also tells the pool's folder from one that only
 * has its path, such as a mount point with nothing mounted.
 *
 * It may not answer: nothing here stands in the thread, and whoever calls takes a turn of the folder.
 */
import type { BigIntStats } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DiskFormat } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { isThere } from '../disks/disk-file.ts';
import { replaceAtomically } from '../files/atomic-file.ts';
import { READ_PATIENCE_MS } from '../files/folder-turns.ts';
import { PatientTurns } from '../streams/patient-turns.ts';

const MARK = '.domus';
const UNFINISHED = '.part';
const STATED = '.json';

/** What a person said that a volume is: its content is a guest's and is not asked. */
const Statement = z.object({ format: DiskFormat });

let counter = 0;

export class PoolFolder {
  readonly path: string;
  /** Of all that looks into it or changes it. */
  readonly turns: PatientTurns;

  /** @param silent what it is to be taken for when it does not answer */
  constructor(path: string, silent: () => Error) {
    this.path = path;
    this.turns = new PatientTurns(READ_PATIENCE_MS, silent);
  }

  isReady(): Promise<boolean> {
    return isFolder(this.workshop);
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
  async format(volume: string): Promise<DiskFormat> {
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
  async state(volume: string, format: DiskFormat): Promise<void> {
    await replaceAtomically(this.statementAt(volume), JSON.stringify({ format }));
  }

  async forget(volume: string): Promise<void> {
    await rm(this.statementAt(volume), { force: true });
  }

  /** What was said of volumes that are not there: of those that were never finished. */
  async forgetMissing(): Promise<void> {
    for (const name of await readdir(this.workshop)) {
      const volume = name.endsWith(STATED) ? name.slice(0, -STATED.length) : null;
      if (volume && !(await isThere(this.at(volume)))) await this.forget(volume);
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

/** Marks a folder as a pool's. Throws the system's errors. */
export async function markAsPool(path: string): Promise<void> {
  const mark = join(path, MARK);
  if (!(await isFolder(mark))) await mkdir(mark, { mode: 0o700 });
}

/** Changes with a file's content, and with what has its name. */
export function fileStamp(stat: BigIntStats): string {
  return `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
}

function formatIn(statement: string): DiskFormat {
  return Statement.parse(JSON.parse(statement)).format;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
