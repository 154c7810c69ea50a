/** From what a person asks for to a disk of a domain's definition. */
import { closeSync } from 'node:fs';
import type { NewDisk } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { DiskDefinition } from '../store/domain-table.ts';
import { createDiskFile, openDiskFile, realDiskPath, removeDiskFile } from './disk-file.ts';

const MIB = 2 ** 20;
/** What a guest's 202:0 … 202:240 have room for. */
const MOST_DISKS = 16;
const LETTERS = 'abcdefghijklmnop';

export interface PlannedDisk {
  definition: DiskDefinition;
  /** Takes back a file that was made for it. */
  undo(): void;
}

/**
 * All of `asked`, beside what the domain `owner` has; files with a size are made. Errors `disk.*`;
 * then no file was made.
 */
export function planDisks(
  owner: string,
  present: readonly DiskDefinition[],
  asked: readonly NewDisk[],
): PlannedDisk[] {
  const planned: PlannedDisk[] = [];
  try {
    for (const one of asked) {
      const taken = [...present, ...planned.map(({ definition }) => definition)];
      planned.push(planDisk(owner, taken, one));
    }
    return planned;
  } catch (error) {
    for (const { undo } of planned) undo();
    throw error;
  }
}

function planDisk(owner: string, present: readonly DiskDefinition[], asked: NewDisk): PlannedDisk {
  const name = freeName(owner, present, asked.name);
  const isNew = asked.sizeMiB !== undefined;
  // By its name only: content is the guest's, which could make a raw disk look like another format.
  const format = asked.format ?? (!isNew && asked.source.endsWith('.qcow2') ? 'qcow2' : 'raw');
  const readOnly = asked.readOnly ?? false;
  if (isNew && (format !== 'raw' || readOnly)) throw notMade(asked.source);
  const path = isNew
    ? createDiskFile(asked.source, asked.sizeMiB! * MIB)
    : realDiskPath(asked.source);
  const undo = isNew ? () => removeDiskFile(path) : () => undefined;
  try {
    requireOther(owner, present, path);
    const file = openDiskFile(path, readOnly);
    closeSync(file.fd);
    const bytes = format === 'raw' ? file.bytes : null;
    return {
      definition: {
        name,
        source: path,
        format,
        readOnly,
        discard: asked.discard ?? true,
        onError: asked.onError ?? 'pause',
        bytes,
      },
      undo,
    };
  } catch (error) {
    undo();
    throw error;
  }
}

function freeName(
  owner: string,
  present: readonly DiskDefinition[],
  wanted: string | undefined,
): string {
  const taken = new Set(present.map(({ name }) => name));
  if (taken.size >= MOST_DISKS) {
    throw new DomusError(
      'disk.too-many',
      `Domain ${owner} has ${taken.size} disks, and no more are possible. Detach one first.`,
      { data: { domain: owner } },
    );
  }
  if (wanted === undefined) {
    return [...LETTERS].map((letter) => `xvd${letter}`).find((name) => !taken.has(name))!;
  }
  if (!taken.has(wanted)) return wanted;
  throw new DomusError(
    'disk.name-taken',
    `Domain ${owner} has a disk ${wanted} already. Choose another name, or leave it out.`,
    { data: { domain: owner, disk: wanted } },
  );
}

function requireOther(owner: string, present: readonly DiskDefinition[], path: string): void {
  const same = present.find((disk) => disk.source === path);
  if (!same) return;
  throw new DomusError(
    'disk.in-use',
    `${path} is the disk ${same.name} of domain ${owner} already. Attach another file.`,
    { data: { domain: owner, disk: same.name, path } },
  );
}

function notMade(path: string): DomusError {
  return new DomusError(
    'disk.not-made',
    `${path} is not made: with a size only a raw disk that can be written is made. Make it with other tools and leave the size out.`,
    { data: { path } },
  );
}
