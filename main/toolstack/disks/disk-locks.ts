/**
 * One writer, or any number of readers, of a disk's file: across domains, homes and processes. The
 * operating system gives the locks of a process back when it ends, however it ends.
 *
 * Beside each lock its holders leave notes, for the sentence that refuses the next one: what they
 * say decides nothing.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DomusError } from '../../../shared/errors.ts';
import { storageError } from '../files/atomic-file.ts';
import { ProcessLock } from '../files/process-lock.ts';

export interface DiskUser {
  /** As in "in use by …": `domain web1`, `the clone of default/base`. */
  user: string;
  /** The folder of its site. */
  home: string;
}

const Note = z.object({ user: z.string(), home: z.string(), pid: z.int(), writes: z.boolean() });
type Note = z.infer<typeof Note>;

let counter = 0;

export class DiskLocks {
  private readonly folder: string;

  /** `folder` is the same for all who could use the same files; it is made when it is needed. */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** `key` as in `OpenedFile`. Answers with its release. Errors `disk.in-use`, `storage.*`. */
  acquire(file: { key: string; path: string }, readOnly: boolean, user: DiskUser): () => void {
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw storageError(this.folder, error);
    }
    const path = join(this.folder, `${file.key}.db`);
    const lock = readOnly ? ProcessLock.tryShare(path) : ProcessLock.tryAcquire(path);
    if (!lock) throw this.inUse(file, readOnly, user);
    if (!readOnly) for (const { at } of this.notes(file.key)) rmSync(at, { force: true });
    const note = join(this.folder, `${file.key}.${process.pid}.${counter++}.json`);
    const content: Note = { ...user, pid: process.pid, writes: !readOnly };
    writeFileSync(note, JSON.stringify(content), { mode: 0o600 });
    return () => {
      rmSync(note, { force: true });
      lock.release();
    };
  }

  private inUse(file: { key: string; path: string }, readOnly: boolean, user: DiskUser): Error {
    const holder = this.notes(file.key).find(({ note }) => isAlive(note.pid))?.note;
    const who = !holder
      ? 'another program'
      : holder.home === user.home
        ? holder.user
        : `${holder.user} of the site in ${holder.home} (process ${holder.pid})`;
    const how = readOnly || holder?.writes !== false ? 'which writes it' : 'which reads it';
    const way = readOnly
      ? 'A disk can be shared only while nobody writes it: end that first, or use a copy.'
      : 'A disk has one writer: end that first, detach the disk there, or use a copy.';
    return new DomusError(
      'disk.in-use',
      `The disk ${file.path} is in use by ${who}, ${how}. ${way}`,
      {
        data: {
          path: file.path,
          user: holder?.user ?? null,
          home: holder?.home ?? null,
          pid: holder?.pid ?? null,
        },
      },
    );
  }

  private notes(key: string): { at: string; note: Note }[] {
    return readdirSync(this.folder)
      .filter((name) => name.startsWith(`${key}.`) && name.endsWith('.json'))
      .flatMap((name) => {
        const at = join(this.folder, name);
        const note = readNote(at);
        return note ? [{ at, note }] : [];
      });
  }
}

/** Null for one that is gone, or was cut short. */
function readNote(at: string): Note | null {
  try {
    return Note.parse(JSON.parse(readFileSync(at, 'utf8')));
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
