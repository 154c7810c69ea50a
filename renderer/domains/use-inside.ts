import { useEffect, useState } from 'react';
import type { DomainInside } from '../../shared/contract/schemas.ts';
import type { ErrorData } from '../../shared/errors.ts';
import { errorDataOf } from '../site/error-data.ts';
import { useSite } from '../site/site.ts';
import { useValue } from '../state/value.ts';

interface Watched {
  readonly inside: DomainInside | null;
  readonly fault: ErrorData | null;
}

/** The stream of a domain's hypervisor side, open for as long as somebody looks and is connected. */
export function useInside(uuid: string): Watched {
  const { transport } = useSite();
  const isConnected = useValue(transport.connection).state === 'connected';
  const [watched, setWatched] = useState<Watched>({ inside: null, fault: null });
  useEffect(() => {
    if (!isConnected) return;
    const stop = new AbortController();
    const { signal } = stop;
    const read = async (): Promise<void> => {
      const stream = await transport.api.domains.watchInside({ domain: uuid }, { signal });
      for await (const inside of stream) setWatched({ inside, fault: null });
    };
    read().catch((error: unknown) => {
      if (!signal.aborted) setWatched({ inside: null, fault: errorDataOf(error) });
    });
    return () => stop.abort();
  }, [transport, uuid, isConnected]);
  return watched;
}
