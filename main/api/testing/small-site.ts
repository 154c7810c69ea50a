/**
 * A small real implementation of a part of the contract, for tests of what carries it: hosts that
 * are kept in a map, and streams that can be driven and whose ends can be seen.
 */
import { DomusError } from '../../../shared/errors.ts';
import type { Host, SiteEvent } from '../../../shared/contract/index.ts';
import type { SiteApi } from '../rpc/router.ts';

export interface SmallSite {
  api: SiteApi;
  /** Streams of `site.events` that are open now. */
  readonly openStreams: number;
  /** Items that were taken from streams of `site.events`. */
  readonly taken: number;
}

export function createSmallSite(): SmallSite {
  const hosts = new Map<string, Host>();
  const state = { openStreams: 0, taken: 0 };

  const api = {
    hosts: {
      list: async () => [...hosts.values()],
      add: async (input: { name: string; memoryMiB: number; pcpus: number }) => {
        if (hosts.has(input.name)) {
          throw new DomusError('host.exists', `There is a host "${input.name}" already.`, {
            data: { host: input.name },
          });
        }
        const host: Host = {
          name: input.name,
          memoryKiB: input.memoryMiB * 1024,
          freeKiB: input.memoryMiB * 1024,
          domain0KiB: 0,
          pcpus: input.pcpus,
          bandwidthBytesPerSecond: 125e6,
          latencyMs: 0.1,
          lossPercent: 0,
          state: 'up',
          drained: false,
        };
        hosts.set(host.name, host);
        return host;
      },
      remove: async ({ host }: { host: string }) => {
        if (!hosts.delete(host)) {
          throw new DomusError('host.unknown', `There is no host "${host}".`, { data: { host } });
        }
        return {};
      },
    },
    site: {
      /** `limit` events; with `follow` they go on for ever; limit 13 fails at the third. */
      events: async (
        input: { follow?: boolean; limit?: number },
        options?: { signal?: AbortSignal },
      ) => events(state, input, options?.signal),
    },
  };
  return {
    api: withRefusals(api) as unknown as SiteApi,
    get openStreams() {
      return state.openStreams;
    },
    get taken() {
      return state.taken;
    },
  };
}

async function* events(
  state: { openStreams: number; taken: number },
  input: { follow?: boolean; limit?: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<SiteEvent, void> {
  state.openStreams++;
  try {
    for (let n = 0; n < (input.limit ?? Infinity); n++) {
      if (input.limit === 13 && n === 2) throw new DomusError('site.broken', 'It broke.');
      if (input.follow) await new Promise((resolve) => setImmediate(resolve));
      state.taken++;
      yield event(`event ${n} ${'.'.repeat(1000)}`);
    }
    if (input.follow) await aborted(signal);
  } finally {
    state.openStreams--;
  }
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
}

function event(message: string): SiteEvent {
  return { timeMs: 0, severity: 'info', kind: 'test', message, domain: null, host: null };
}

/** Parts of the contract that this site leaves out answer so. */
function withRefusals(part: object): object {
  return new Proxy(part, {
    get(target: Record<PropertyKey, unknown>, name) {
      const value = target[name];
      if (typeof value === 'object' && value !== null) return withRefusals(value);
      if (value !== undefined) return value;
      const refuse = (): Promise<never> =>
        Promise.reject(new DomusError('small-site.absent', `${String(name)} is not here`));
      return withRefusals(refuse);
    },
  });
}
