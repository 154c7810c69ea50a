/** The checkpoints of the site's domains: what the store says of them, and their files. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Checkpoint } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { SiteParts } from '../site-parts.ts';
import type { CheckpointRecord } from '../store/checkpoint-table.ts';

export function checkpointFile({ home }: Pick<SiteParts, 'home'>, id: string): string {
  return join(home.states, `${id}.checkpoint`);
}

/** Whole ones, oldest first. */
export function checkpointsOf(parts: SiteParts, domain: ManagedDomain): Checkpoint[] {
  return parts.store.checkpoints.of(domain.uuid).filter(isWhole).map(view);
}

/** By its id, the first digits of it, or its label. Error `checkpoint.unknown`. */
export function checkpointNamed(
  parts: SiteParts,
  domain: ManagedDomain,
  ref: string,
): CheckpointRecord {
  const all = parts.store.checkpoints.of(domain.uuid).filter(isWhole);
  const byId = all.filter(({ id }) => id.startsWith(ref.toLowerCase()));
  const found = [...byId, ...all.filter(({ label }) => label === ref)];
  if (found.length === 1 || found[0]?.id === ref.toLowerCase()) return found[0]!;
  throw new DomusError(
    'checkpoint.unknown',
    found.length === 0
      ? `Domain ${domain.name} has no checkpoint ${ref}. "domus checkpoint list ${domain.name}" names them.`
      : `${found.length} checkpoints of ${domain.name} are called ${ref}. Name one by its id.`,
    { data: { domain: domain.name, checkpoint: ref } },
  );
}

/** What a domain's view says of them, kept where it is asked for often. */
export function countCheckpoints(parts: Pick<SiteParts, 'store' | 'domains'>, uuid: string): void {
  const domain = parts.domains.byUuid(uuid);
  if (!domain) return;
  const all = parts.store.checkpoints.of(uuid).filter(isWhole);
  domain.checkpoints =
    all.length === 0
      ? null
      : { count: all.length, current: all.find(({ isCurrent }) => isCurrent)?.id ?? null };
  domain.keptDisks = all.flatMap(({ disks }) => disks.map(({ source }) => source));
  parts.domains.tell(domain);
}

export function removeFile(parts: SiteParts, id: string): void {
  rmSync(checkpointFile(parts, id), { force: true });
}

export function view({ isWhole: _, disks, ...record }: CheckpointRecord): Checkpoint {
  return { ...record, disks: disks.map(({ source }) => source) };
}

function isWhole(record: CheckpointRecord): boolean {
  return record.isWhole;
}
