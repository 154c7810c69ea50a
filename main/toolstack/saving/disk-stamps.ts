/** What disks were when a domain was saved: memory and disks belong together. */
import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { DomusError } from '../../../shared/errors.ts';
import { parseSource } from '../disks/disk-source.ts';
import type { Storage } from '../storage/storage.ts';
import type { DiskDefinition } from '../store/domain-table.ts';
import type { StateRecord } from './state-record.ts';

/** Null of a disk that is only read, or that an NBD server has. Errors `pool.*`. */
export async function diskStamp(storage: Storage, disk: DiskDefinition): Promise<string | null> {
  const path = disk.readOnly ? null : pathOf(storage, disk.source);
  if (path === null) return null;
  const found = await storage.turnsAt(path).take(() => statOf(path));
  return found ? `${found.ino} ${found.size} ${found.mtimeNs}` : 'gone';
}

/** Error `state.disks-changed`, which names them. */
export async function requireSameDisks(
  storage: Storage,
  { definition, disks }: StateRecord,
): Promise<void> {
  const changed: string[] = [];
  for (const { name, stamp } of disks) {
    const disk = definition.disks.find((one) => one.name === name);
    if (!disk || stamp === null || (await diskStamp(storage, disk)) === stamp) continue;
    changed.push(`${name} (${disk.source})`);
  }
  if (changed.length === 0) return;
  throw new DomusError(
    'state.disks-changed',
    `The memory of ${definition.name} was saved, and since then its disks were written: ${changed.join(', ')}. It would go on from what is no longer so, and damage its file systems. Start it afresh, or restore it by force if you know that it does not matter.`,
    { data: { domain: definition.name, disks: changed } },
  );
}

function pathOf(storage: Storage, source: string): string | null {
  const parsed = parseSource(source);
  switch (parsed.kind) {
    case 'file':
      return parsed.path;
    case 'volume':
      return storage.pools.get(parsed.pool).folder.at(parsed.volume);
    case 'nbd':
      return null;
  }
}

async function statOf(path: string): Promise<BigIntStats | null> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
