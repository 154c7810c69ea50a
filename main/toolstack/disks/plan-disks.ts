/** From what a person asks for to a disk of a domain's definition. */
import { closeSync, lstatSync } from 'node:fs';
import { basename } from 'node:path';
import type { DiskFormat, NewDisk } from '../../../shared/contract/index.ts';
import { VolumeName } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { makeVolume } from '../storage/make-volume.ts';
import type { MakeParts } from '../storage/make-volume.ts';
import { unknown } from '../storage/open-volume.ts';
import { removeVolumeFile, requireFree } from '../storage/volume-file.ts';
import type { DiskDefinition } from '../store/domain-table.ts';
import { newDiskPath, openDiskFile, realDiskPath, removeDiskFile } from './disk-file.ts';
import { parseSource, sourceText } from './disk-source.ts';
import type { ParsedSource, VolumeAddress } from './disk-source.ts';
import { makeFile } from './make-file.ts';

const MIB = 2 ** 20;
/** What a guest's 202:0 … 202:240 have room for. */
const MOST_DISKS = 16;
const LETTERS = 'abcdefghijklmnop';

export interface PlannedDisk {
  definition: DiskDefinition;
  /** Makes the file or volume that was asked for with a size. Errors `disk.*`, `volume.*`. */
  make(): Promise<void>;
  /** Takes back what was made. */
  undo(): void;
}

/** Where content is, or is to be made, and what is known of it. */
interface Place {
  source: string;
  /** What it says of itself; null where the person, or the name, has the say. */
  format: DiskFormat | null;
  bytes: number | null;
  /** Of something new. */
  make(bytes: number, format: DiskFormat): Promise<void>;
  remove(): void;
}

/**
 * All of `asked`, beside what the domain `owner` has. Nothing is made yet. Errors `disk.*`,
 * `volume.*`, `pool.*`.
 */
export function planDisks(
  parts: MakeParts,
  owner: string,
  present: readonly DiskDefinition[],
  asked: readonly NewDisk[],
): PlannedDisk[] {
  const planned: PlannedDisk[] = [];
  for (const one of asked) {
    const taken = [...present, ...planned.map(({ definition }) => definition)];
    planned.push(planDisk(parts, owner, taken, one));
  }
  return planned;
}

/** All of them, or none. */
export async function makeDisks(planned: readonly PlannedDisk[]): Promise<void> {
  try {
    for (const { make } of planned) await make();
  } catch (error) {
    for (const { undo } of planned) undo();
    throw error;
  }
}

function planDisk(
  parts: MakeParts,
  owner: string,
  present: readonly DiskDefinition[],
  asked: NewDisk,
): PlannedDisk {
  const name = freeName(owner, present, asked.name);
  const isNew = asked.sizeMiB !== undefined;
  const readOnly = asked.readOnly ?? false;
  if (isNew && readOnly) throw notMade(asked.source, 'nothing could ever be written to it');
  const place = findPlace(parts, parseSource(asked.source), isNew, readOnly);
  requireOther(owner, present, place.source);
  const format = formatOf(asked, place);
  let isMade = false;
  return {
    definition: {
      name,
      source: place.source,
      format,
      readOnly,
      discard: asked.discard ?? true,
      onError: asked.onError ?? 'pause',
      bytes: isNew ? asked.sizeMiB! * MIB : format === 'raw' ? place.bytes : null,
    },
    async make() {
      if (!isNew) return;
      await place.make(asked.sizeMiB! * MIB, format);
      isMade = true;
    },
    undo() {
      if (isMade) place.remove();
      isMade = false;
    },
  };
}

function findPlace(
  parts: MakeParts,
  parsed: ParsedSource,
  isNew: boolean,
  readOnly: boolean,
): Place {
  switch (parsed.kind) {
    case 'file':
      return filePlace(parts, parsed.path, isNew, readOnly);
    case 'volume':
      return volumePlace(parts, parsed, isNew);
    case 'nbd': {
      const source = sourceText(parsed);
      if (isNew) throw notMade(source, 'its NBD server has to');
      return { source, format: 'raw', bytes: null, ...nothingToMake };
    }
  }
}

const nothingToMake: Pick<Place, 'make' | 'remove'> = {
  make: () => Promise.resolve(),
  remove: () => undefined,
};

/** A file in a pool's folder is a volume, whatever way it was named. */
function filePlace(parts: MakeParts, path: string, isNew: boolean, readOnly: boolean): Place {
  const source = isNew ? newDiskPath(path) : realDiskPath(path);
  const pool = parts.storage.pools.holding(source);
  if (pool && VolumeName.safeParse(basename(source)).success) {
    return volumePlace(parts, { kind: 'volume', pool: pool.name, volume: basename(source) }, isNew);
  }
  if (isNew) {
    return {
      source,
      format: null,
      bytes: null,
      make: (bytes, format) => makeFile(parts.storage, source, bytes, format),
      remove: () => removeDiskFile(source),
    };
  }
  const { fd, bytes } = openDiskFile(source, readOnly);
  closeSync(fd);
  return { source, format: null, bytes, ...nothingToMake };
}

function volumePlace(parts: MakeParts, address: VolumeAddress, isNew: boolean): Place {
  const source = sourceText(address);
  const pool = parts.storage.usable(address.pool);
  const { volume } = address;
  if (isNew) {
    requireFree(pool, volume);
    return {
      source,
      format: null,
      bytes: null,
      make: (bytes, format) =>
        makeVolume(parts, pool, volume, { sizeMiB: Math.ceil(bytes / MIB), format }),
      remove: () => removeVolumeFile(pool, volume),
    };
  }
  const stat = lstatSync(pool.folder.at(volume), { throwIfNoEntry: false });
  if (!stat?.isFile()) throw unknown(pool, volume);
  return { source, format: pool.folder.format(volume), bytes: stat.size, ...nothingToMake };
}

/**
 * What was stated of a volume, else what the person says, else by the name only: content is the
 * guest's, which could make a raw disk look like another format. Error `disk.other-format`.
 */
function formatOf(asked: NewDisk, { source, format }: Place): DiskFormat {
  if (format === null) return asked.format ?? (source.endsWith('.qcow2') ? 'qcow2' : 'raw');
  if (asked.format === undefined || asked.format === format) return format;
  throw new DomusError(
    'disk.other-format',
    `${source} is ${format}, not ${asked.format}. Leave the format out.`,
    { data: { source, format } },
  );
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

function requireOther(owner: string, present: readonly DiskDefinition[], source: string): void {
  const same = present.find((disk) => disk.source === source);
  if (!same) return;
  throw new DomusError(
    'disk.in-use',
    `${source} is the disk ${same.name} of domain ${owner} already. Attach something else.`,
    { data: { domain: owner, disk: same.name, source } },
  );
}

function notMade(source: string, why: string): DomusError {
  return new DomusError(
    'disk.not-made',
    `${source} is not made: ${why}. Leave the size out to use what is there.`,
    { data: { source } },
  );
}
