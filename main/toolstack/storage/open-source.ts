/** From a disk's definition to what an I/O worker opens, with the locks that make it this user's. */
import { createHash } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { DomusError } from '../../../shared/errors.ts';
import type { DiskSource } from '../../dom0/index.ts';
import type { DiskUser } from '../disks/disk-locks.ts';
import { parseSource, sourceText, volumeAddress } from '../disks/disk-source.ts';
import type { ParsedSource } from '../disks/disk-source.ts';
import { openLocked } from '../disks/locked-file.ts';
import type { DiskDefinition } from '../store/domain-table.ts';
import type { PatientTurns } from '../streams/patient-turns.ts';
import { openVolume, requireNoOverlays } from './open-volume.ts';
import type { VolumeTools } from './open-volume.ts';
import type { PoolRegistry, StoragePool } from './pool-registry.ts';

export interface SourceTools extends VolumeTools {
  readonly pools: PoolRegistry;
  /** Errors `pool.unknown`, `pool.unavailable`. */
  usable(pool: string): Promise<StoragePool>;
  /** Of the folder that a file is in. */
  turnsAt(path: string): PatientTurns;
}

export interface OpenSource {
  /** For an I/O worker; descriptors are open until `close`. */
  readonly wire: DiskSource;
  /** What it lies on: who waits for one waits for all of the same. */
  readonly medium: string;
  /** Nothing of it is written any more: others may read it too. Only of a volume. */
  share?(): void;
  /** After the last access. Never fails. */
  close(): Promise<void>;
}

/**
 * Opens and locks a disk's content for a life on `host`. Errors `disk.*`, `volume.*`, `pool.*`; then
 * nothing is open.
 */
export async function openSource(
  tools: SourceTools,
  { source, format, readOnly }: Pick<DiskDefinition, 'source' | 'format' | 'readOnly'>,
  user: DiskUser,
  host: string,
): Promise<OpenSource> {
  const parsed = parseSource(source);
  switch (parsed.kind) {
    case 'file': {
      const turns = tools.turnsAt(parsed.path);
      const file = await turns.take(
        () => openLocked(parsed.path, tools.locks, { readOnly, user }),
        (late) => late.close(),
      );
      const chain = [{ fd: file.fd, format, label: parsed.path }];
      const close = (): Promise<void> => tools.turnsAt(parsed.path).leave(() => file.close());
      return { wire: { kind: 'files', chain }, medium: file.medium, close };
    }
    case 'volume': {
      const pool = await tools.usable(parsed.pool);
      requireSeen(pool, source, host);
      const volume = await openVolume(tools, pool, parsed.volume, { readOnly, user });
      const { chain, medium } = volume;
      return {
        wire: { kind: 'files', chain },
        medium,
        share: () => volume.share(),
        close: () => volume.close(),
      };
    }
    case 'nbd':
      return openAddress(tools, parsed, readOnly, user);
  }
}

/** The host that alone sees a disk's content; null when all of them do. Errors `disk.bad-source`, `pool.unknown`. */
export function hostOf(pools: PoolRegistry, source: string): string | null {
  const parsed = parseSource(source);
  return parsed.kind === 'volume' ? pools.get(parsed.pool).host : null;
}

/** Of a disk that is not opened yet. Errors `volume.has-overlays`, `pool.*`. */
export async function requireWritable(
  tools: Pick<SourceTools, 'usable' | 'contents'>,
  { source, readOnly }: Pick<DiskDefinition, 'source' | 'readOnly'>,
): Promise<void> {
  const address = readOnly ? null : volumeAddress(source);
  if (!address) return;
  const pool = await tools.usable(address.pool);
  await requireNoOverlays(tools.contents, pool, address.volume, 'be written');
}

/** Why these disks cannot be used on a host, as a sentence; null when they can. */
export function whyNotOn(
  pools: PoolRegistry,
  disks: readonly Pick<DiskDefinition, 'name' | 'source'>[],
  host: string,
): string | null {
  for (const { name, source } of disks) {
    const only = onlyHost(pools, source);
    if (only !== null && only !== host) {
      return `its disk ${name} (${source}) is in a local pool, which only ${only} sees`;
    }
  }
  return null;
}

/** A pool that was forgotten is said when it is to be opened. */
function onlyHost(pools: PoolRegistry, source: string): string | null {
  try {
    return hostOf(pools, source);
  } catch {
    return null;
  }
}

function requireSeen(pool: StoragePool, source: string, host: string): void {
  if (pool.host === null || pool.host === host) return;
  throw new DomusError(
    'pool.other-host',
    `${source} is in pool ${pool.name}, which only host ${pool.host} sees, not ${host}. Use it there, or clone it into a shared pool.`,
    { data: { source, pool: pool.name, host, seenBy: pool.host } },
  );
}

/** Locked by where it is, as far as one machine can know that. */
async function openAddress(
  { locks }: SourceTools,
  parsed: Extract<ParsedSource, { kind: 'nbd' }>,
  readOnly: boolean,
  user: DiskUser,
): Promise<OpenSource> {
  const label = sourceText(parsed);
  const { port, exportName } = parsed;
  const host = await addressOf(parsed.host, label);
  const digest = createHash('sha256').update(JSON.stringify([host, port, exportName]));
  const key = `nbd.${digest.digest('hex').slice(0, 32)}`;
  const release = locks.acquire({ key, path: label }, readOnly, user);
  const close = (): Promise<void> => Promise.resolve(release());
  const wire = { kind: 'nbd', host, port, exportName, label } as const;
  return { wire, medium: 'network', close };
}

async function addressOf(host: string, label: string): Promise<string> {
  try {
    return (await lookup(host.replace(/^\[|\]$/g, ''), { order: 'ipv4first' })).address;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DomusError(
      'disk.unreachable',
      `${label} cannot be reached: ${host} is not known (${why}). Check the name, or give an address.`,
      { data: { source: label }, cause: error },
    );
  }
}
