/** From what a person asks for to a disk of a domain's definition. */
import { lstat } from 'node:fs/promises';
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
  /** Takes back what was made. Never fails. */
  undo(): Promise<void>;
}

/** Where content is, or is to be made, and what is known of it. */
interface Place {
  source: string;
  /** What it says of itself; null where the person, or the name, has the say. */
  format: DiskFormat | null;
  bytes: number | null;
  /** Of something new. */
  make(bytes: number, format: DiskFormat): Promise<void>;
  remove(): Promise<void>;
}

/**
 * All of `asked`, beside what the domain `owner` has. Nothing is made yet. Errors `disk.*`,
 * `volume.*`, `pool.*`.
 */
export async function planDisks(
  parts: MakeParts,
  owner: string,
  present: readonly DiskDefinition[],
  asked: readonly NewDisk[],
): Promise<PlannedDisk[]> {
  const planned: PlannedDisk[] = [];
  for (const one of asked) {
    const taken = [...present, ...planned.map(({ definition }) => definition)];
    planned.push(await planDisk(parts, owner, taken, one));
  }
  return planned;
}

/** All of them, or none. */
export async function makeDisks(planned: readonly PlannedDisk[]): Promise<void> {
  try {
    for (const { make } of planned) await make();
  } catch (error) {
    await undoDisks(planned);
    throw error;
  }
}

/** Takes back what was made of them. Never fails. */
export async function undoDisks(planned: readonly PlannedDisk[]): Promise<void> {
  for (const { undo } of planned) await undo();
}

async function planDisk(
  parts: MakeParts,
  owner: string,
  present: readonly DiskDefinition[],
  asked: NewDisk,
): Promise<PlannedDisk> {
  const name = freeName(owner, present, asked.name);
  const isNew = asked.sizeMiB !== undefined;
  const readOnly = asked.readOnly ?? false;
  if (isNew && readOnly) throw notMade(asked.source, 'nothing could ever be written to it');
  const place = await findPlace(parts, parseSource(asked.source), isNew, readOnly);
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
    async undo() {
      if (isMade) await place.remove();
      isMade = false;
    },
  };
}

async function findPlace(
  parts: MakeParts,
  parsed: ParsedSource,
  isNew: boolean,
  readOnly: boolean,
): Promise<Place> {
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
  remove: () => Promise.resolve(),
};

/** A file in a pool's folder is a volume, whatever way it was named. */
async function filePlace(
  parts: MakeParts,
  path: string,
  isNew: boolean,
  readOnly: boolean,
): Promise<Place> {
  const { storage } = parts;
  const source = await storage
    .turnsAt(path)
    .take(() => (isNew ? newDiskPath(path) : realDiskPath(path)));
  const pool = storage.pools.holding(source);
  if (pool && VolumeName.safeParse(basename(source)).success) {
    return volumePlace(parts, { kind: 'volume', pool: pool.name, volume: basename(source) }, isNew);
  }
  if (isNew) {
    return {
      source,
      format: null,
      bytes: null,
      make: (bytes, format) => makeFile(storage, source, bytes, format),
      remove: () => storage.turnsAt(source).leave(() => removeDiskFile(source)),
    };
  }
  const bytes = await storage.turnsAt(source).take(async () => {
    const file = await openDiskFile(source, readOnly);
    await file.handle.close();
    return file.bytes;
  });
  return { source, format: null, bytes, ...nothingToMake };
}

async function volumePlace(
  parts: MakeParts,
  address: VolumeAddress,
  isNew: boolean,
): Promise<Place> {
  const source = sourceText(address);
  const pool = await parts.storage.usable(address.pool);
  const { volume } = address;
  if (isNew) {
    await requireFree(pool, volume);
    return {
      source,
      format: null,
      bytes: null,
      make: (bytes, format) =>
        makeVolume(parts, pool, volume, { sizeMiB: Math.ceil(bytes / MIB), format }),
      remove: () => removeVolumeFile(pool, volume),
    };
  }
  const { folder } = pool;
  return folder.turns.take(async () => {
    const stat = await lstat(folder.at(volume)).catch(() => null);
    if (!stat?.isFile()) throw unknown(pool, volume);
    const format = await folder.format(volume);
    return { source, format, bytes: stat.size, ...nothingToMake };
  });
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
