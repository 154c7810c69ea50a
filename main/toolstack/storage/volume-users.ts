/** Whose disks volumes are, now or in a checkpoint. */
import { DomusError } from '../../../shared/errors.ts';
import type { DomainRegistry } from '../domains/domain-registry.ts';
import { volumeAddress } from '../disks/disk-source.ts';

/** Names of the domains, running or not, by `POOL/VOLUME`. */
export function volumeUsers(domains: DomainRegistry): Map<string, string[]> {
  const users = new Map<string, string[]>();
  for (const { name, definition, keptDisks } of domains.all()) {
    const sources = [...definition.disks.map((disk) => disk.source), ...keptDisks];
    for (const source of new Set(sources)) {
      if (volumeAddress(source)) users.set(source, [...(users.get(source) ?? []), name]);
    }
  }
  return users;
}

/** Error `volume.in-use`, which names the domains; `verb` as in "cannot be deleted": `be deleted`. */
export function requireNoDomain(domains: DomainRegistry, source: string, verb: string): void {
  const names = volumeUsers(domains).get(source) ?? [];
  if (names.length === 0) return;
  throw new DomusError(
    'volume.in-use',
    `${source} cannot ${verb}: it is a disk of ${names.join(', ')}, or of a checkpoint of it. Detach it there, delete the checkpoint, or delete the domain first.`,
    { data: { volume: source, domains: names } },
  );
}

/** Error `volume.in-use`: what an overlay lies over must not be written by anybody. */
export function requireNoWriter(domains: DomainRegistry, source: string): void {
  const writers = domains
    .all()
    .filter(({ definition }) =>
      definition.disks.some((disk) => disk.source === source && !disk.readOnly),
    )
    .map(({ name }) => name);
  if (writers.length === 0) return;
  throw new DomusError(
    'volume.in-use',
    `Nothing can lie over ${source}: ${writers.join(', ')} would write it. Detach it there, attach it read-only, or clone it and use the clone.`,
    { data: { volume: source, domains: writers } },
  );
}
