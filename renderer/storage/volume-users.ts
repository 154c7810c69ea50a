import type { Volume } from '../../shared/contract/schemas.ts';

const OVERLAY = 'volume ';

/** Domains by name, and how many overlays lie over it. */
export function volumeUsers({ usedBy }: Pick<Volume, 'usedBy'>): {
  readonly domains: readonly string[];
  readonly overlays: number;
} {
  const domains = usedBy.filter((user) => !user.startsWith(OVERLAY));
  return { domains, overlays: usedBy.length - domains.length };
}

/** `web1`, `3 overlays`, `web1 and 2 overlays`; null where nobody does. */
export function usersSentence(volume: Pick<Volume, 'usedBy'>): string | null {
  const { domains, overlays } = volumeUsers(volume);
  const parts = [...domains];
  if (overlays > 0) parts.push(`${overlays} overlay${overlays === 1 ? '' : 's'}`);
  return parts.length === 0 ? null : parts.join(' and ');
}
