import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Move } from '../../shared/contract/schemas.ts';
import { useMovesSeen } from '../site/queries.ts';
import { useSite } from '../site/site.ts';

/** A domain's history, with what happens now; undefined until it is known. Newest first. */
export function useDomainMoves(uuid: string): {
  moves: readonly Move[] | undefined;
  error: Error | null;
} {
  const { queries } = useSite();
  const { data, error } = useQuery({
    ...queries.domains.moves.queryOptions({ input: { domain: uuid } }),
    // The streams tell what comes, from when it is asked on.
    staleTime: 0,
  });
  const seen = useMovesSeen();
  const moves = useMemo(() => data && merged(data, seen ?? [], uuid), [data, seen, uuid]);
  return { moves, error };
}

/** What was seen is never older than what was asked for. */
export function merged(
  kept: readonly Move[],
  seen: readonly Move[],
  uuid: string,
): readonly Move[] {
  const byId = new Map(kept.map((move) => [move.id, move]));
  for (const move of seen) if (move.domain === uuid) byId.set(move.id, move);
  return [...byId.values()].sort((a, b) => b.startedAtMs - a.startedAtMs);
}
