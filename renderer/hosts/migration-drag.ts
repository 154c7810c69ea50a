import { useQuery } from '@tanstack/react-query';
import type { MigrationTarget } from '../../shared/contract/schemas.ts';
import { useSite } from '../site/site.ts';
import { useValue, Value } from '../state/value.ts';

/** The domain that is being dragged, by mouse, touch or keyboard. */
export interface DraggedDomain {
  readonly uuid: string;
  readonly name: string;
  readonly from: string;
}

export const dragged = new Value<DraggedDomain | null>(null);

/** What a drag carries: a domain's UUID. Files and text dragged over the window are no domains. */
export const DOMAIN_TYPE = 'application/x-domus-domain';

export type DropVerdict =
  | { readonly kind: 'source' }
  | { readonly kind: 'asking' }
  | { readonly kind: 'possible'; readonly target: MigrationTarget }
  | { readonly kind: 'refused'; readonly reason: string };

/** Whether this host can take what is being dragged; null while nothing is. */
export function useDropVerdict(host: string): DropVerdict | null {
  const drag = useValue(dragged);
  const { queries } = useSite();
  const targets = useQuery({
    ...queries.domains.migrationTargets.queryOptions({ input: { domain: drag?.uuid ?? '' } }),
    enabled: drag !== null,
    staleTime: 0,
    gcTime: 0,
  });
  if (drag === null) return null;
  if (drag.from === host) return { kind: 'source' };
  if (targets.error !== null) return { kind: 'refused', reason: targets.error.message };
  const target = targets.data?.find((one) => one.host === host);
  if (target === undefined) return { kind: 'asking' };
  if (target.possible) return { kind: 'possible', target };
  return { kind: 'refused', reason: target.reason ?? `${host} cannot take ${drag.name}.` };
}
