import { createTanstackQueryUtils } from '@orpc/tanstack-query';
import { QueryClient } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { TerminalRegistry } from '../console/terminal-registry.ts';
import { Transfers } from '../storage/transfers.ts';
import { Notices } from '../tasks/notices.ts';
import type { Transport } from '../transport/transport.ts';
import { Commands } from './commands.ts';
import { startFeed } from './feed.ts';
import { Statistics } from './statistics.ts';

/** All that a window has for as long as it is open; made once, handed down by {@link SiteContext}. */
export interface Site {
  readonly transport: Transport;
  readonly cache: QueryClient;
  /** Query and mutation options for every procedure of the contract. */
  readonly queries: ReturnType<typeof createTanstackQueryUtils<Transport['api']>>;
  readonly statistics: Statistics;
  readonly commands: Commands;
  readonly notices: Notices;
  readonly transfers: Transfers;
  readonly terminals: TerminalRegistry;
}

export function makeSite(transport: Transport): Site {
  const cache = new QueryClient({
    // The connection's state is ours to know: a query fails at once and is fetched again when it
    // stands. Nothing goes stale by age, because nothing is polled.
    defaultOptions: {
      queries: { retry: false, staleTime: Infinity, networkMode: 'always' },
      mutations: { retry: false, networkMode: 'always' },
    },
  });
  const statistics = new Statistics();
  const notices = new Notices();
  const commands = new Commands(transport.api, notices);
  startFeed(transport, { cache, statistics, taskEnded: (task) => notices.taskEnded(task) });
  return {
    transport,
    cache,
    queries: createTanstackQueryUtils(transport.api),
    statistics,
    commands,
    notices,
    transfers: new Transfers(transport.contents),
    terminals: new TerminalRegistry(transport),
  };
}

export const SiteContext = createContext<Site | null>(null);

export function useSite(): Site {
  const site = useContext(SiteContext);
  if (site === null) throw new Error('no site above this component');
  return site;
}
