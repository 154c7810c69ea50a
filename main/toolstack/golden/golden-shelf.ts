/** The files of golden snapshots in the shared cache: which there are, and which may go. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseGoldenName } from './golden-key.ts';

const STORED_BYTES = 4 * 2 ** 30;
/** Who goes to and fro between two versions finds both still there. */
const KEEP_SUPERSEDED_MS = 60 * 60_000;
/** What a process that was killed while it wrote left behind; see `atomic-file.ts`. */
const HALF_WRITTEN = /^\..+\.golden\.\d+\.\d+\.tmp$/;

interface StoredFile {
  name: string;
  path: string;
  bytes: number;
  /** A snapshot's file is touched when it is read. */
  usedAtMs: number;
}

/** What still counts: everything else is superseded. */
export interface InUse {
  /** Version parts of file names. */
  versions: ReadonlySet<string>;
  /** Image parts of file names. */
  images: ReadonlySet<string>;
}

export function goldenNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * Removes snapshots of images that are gone, and those of versions that no process runs and
 * nobody read lately; damaged ones that were set aside count as the snapshots they were.
 */
export function removeSuperseded(folder: string, inUse: InUse, nowMs = Date.now()): void {
  for (const { name, path, usedAtMs } of storedFiles(folder)) {
    const isOld = nowMs - usedAtMs > KEEP_SUPERSEDED_MS;
    const parts = parseGoldenName(name);
    const remove = parts
      ? !inUse.images.has(parts.image) || (!inUse.versions.has(parts.version) && isOld)
      : isOld;
    if (remove) removeSnapshot(path);
  }
}

/** Removes an image's snapshots, of every version. */
export function removeImage(folder: string, imagePart: string): void {
  for (const { name, path } of storedFiles(folder)) {
    if (parseGoldenName(name)?.image === imagePart) removeSnapshot(path);
  }
}

/** Until `bytes` more fit, files that were used longest ago go first, whatever they are of. */
export function makeRoom(folder: string, bytes: number): void {
  const files = storedFiles(folder).sort((a, b) => a.usedAtMs - b.usedAtMs);
  let total = bytes + files.reduce((sum, file) => sum + file.bytes, 0);
  for (const file of files) {
    if (total <= STORED_BYTES) return;
    rmSync(file.path, { force: true });
    total -= file.bytes;
  }
}

/** Snapshots, damaged ones, and half-written ones. */
function storedFiles(folder: string): StoredFile[] {
  return goldenNames(folder)
    .filter((name) => HALF_WRITTEN.test(name) || parseGoldenName(name) !== null)
    .flatMap((name) => {
      const path = join(folder, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat ? [{ name, path, bytes: stat.size, usedAtMs: stat.mtimeMs }] : [];
    });
}

/** With the lock that guarded its making: nobody makes one like it any more. */
function removeSnapshot(path: string): void {
  rmSync(path, { force: true });
  if (path.endsWith('.golden')) rmSync(`${path}.lock`, { force: true });
}
