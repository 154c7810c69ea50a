/** A volume, open and locked with everything beneath it, for as long as somebody uses it. */
import { DomusError } from '../../../shared/errors.ts';
import type { DiskFile } from '../../dom0/index.ts';
import type { DiskLocks, DiskUser } from '../disks/disk-locks.ts';
import { openLocked } from '../disks/locked-file.ts';
import type { LockedFile } from '../disks/locked-file.ts';
import type { IoLink } from '../disks/io-link.ts';
import { openChain } from './backing.ts';
import type { ChainFile } from './backing.ts';
import type { PoolContents } from './pool-contents.ts';
import type { StoragePool } from './pool-registry.ts';

export interface VolumeTools {
  readonly locks: DiskLocks;
  readonly contents: PoolContents;
  /** The worker that looks into files. */
  looker(): IoLink;
}

export interface OpenVolume {
  /** The volume's own file first. Descriptors are open until `close`. */
  readonly chain: readonly DiskFile[];
  /** That all of them lie on, as of `OpenedFile`. */
  readonly medium: string;
  /** The volume is written no more: others may read it too. */
  share(): void;
  /** After the last access to them. Never fails. */
  close(): Promise<void>;
}

interface OpenedFile extends ChainFile {
  file: LockedFile;
  disk: DiskFile;
}

/**
 * To write it, it must have no overlays: they would change with it. Errors `disk.in-use`,
 * `volume.unknown`, `volume.has-overlays`, `volume.backing-…`, `volume.too-deep`, `disk.…`.
 */
export async function openVolume(
  tools: VolumeTools,
  pool: StoragePool,
  volume: string,
  { readOnly, user }: { readOnly: boolean; user: DiskUser },
): Promise<OpenVolume> {
  const { folder } = pool;
  const label = `${pool.name}/${volume}`;
  const files = await openChain<OpenedFile>(volume, label, {
    open: (name, isTop) =>
      folder.turns.take(
        async () => {
          const format = await folder.format(name);
          const of = `${pool.name}/${name}`;
          const file = await openFile(tools, pool, name, readOnly || !isTop, user);
          return { name, format, file, disk: { fd: file.fd, format, label: of } };
        },
        ({ file }) => file.close(),
      ),
    describe: ({ disk }) =>
      folder.turns.take(() => tools.looker().call('disk.describe', { file: disk })),
    close: ({ file }) => folder.turns.leave(() => file.close()),
  });
  const close = (): Promise<void> =>
    folder.turns.leave(async () => {
      for (const { file } of files) await file.close();
    });
  try {
    // After its lock: whoever makes an overlay over it holds that meanwhile.
    if (!readOnly) await requireNoOverlays(tools.contents, pool, volume, 'be written');
  } catch (error) {
    await close();
    throw error;
  }
  return {
    chain: files.map(({ disk }) => disk),
    medium: files[0]!.file.medium,
    share: () => files[0]?.file.share(),
    close,
  };
}

/** Error `volume.has-overlays`, which names them; `verb` as in "cannot be written": `be written`. */
export async function requireNoOverlays(
  contents: PoolContents,
  pool: StoragePool,
  volume: string,
  verb: string,
): Promise<void> {
  const overlays = (await contents.overlaysOver(pool, volume)).map(
    (name) => `${pool.name}/${name}`,
  );
  if (overlays.length === 0) return;
  throw new DomusError(
    'volume.has-overlays',
    `${pool.name}/${volume} cannot ${verb}: it lies beneath ${overlays.join(', ')}, and what is read there would change. Delete those first, use it read-only, or use a clone.`,
    { data: { volume: `${pool.name}/${volume}`, overlays } },
  );
}

async function openFile(
  { locks }: VolumeTools,
  pool: StoragePool,
  name: string,
  readOnly: boolean,
  user: DiskUser,
): Promise<LockedFile> {
  const label = `${pool.name}/${name}`;
  try {
    return await openLocked(pool.folder.at(name), locks, { readOnly, user, label, follow: false });
  } catch (error) {
    throw error instanceof DomusError && error.code === 'disk.no-file'
      ? unknown(pool, name)
      : error;
  }
}

export function unknown(pool: StoragePool, volume: string): DomusError {
  return new DomusError(
    'volume.unknown',
    `There is no volume ${volume} in pool ${pool.name}. "domus volume list ${pool.name}" names them.`,
    { data: { pool: pool.name, volume } },
  );
}
