/** The site of `main/index.ts`, as the shell wants it. */
import { DomusError } from '../../shared/errors.ts';
import type { DomainState } from '../../shared/contract/index.ts';
import type { Connect, Site } from '../ports/site.ts';
import type * as Main from '../../main/index.ts';

/** Those whose memory is lost when the program ends. */
const ALIVE: ReadonlySet<DomainState> = new Set([
  'starting',
  'running',
  'paused',
  'shutting-down',
  'migrating',
]);

/**
 * `main`: the module, which is loaded when the program starts. Errors: {@link DomusError}.
 */
export async function startSite(main: typeof Main, options: Main.StartSiteOptions): Promise<Site> {
  const site = await main.startSite(options).catch(rethrow);
  const { folder, logs } = main.resolveHome({ home: options.home });
  const api = main.connectPort(site.connectRpc());
  const connector =
    (port: ReturnType<typeof site.connectRpc>): Connect =>
    (receiver) =>
      new main.FramePort(port, receiver);
  return {
    folders: { home: folder, logs },
    openApi: () => connector(site.connectRpc()),
    openConsole: async (domain) => connector(await site.connectConsole(domain).catch(rethrow)),
    runningDomains: async () => {
      const domains = await api.domains.list();
      return domains.filter(({ state, domid }) => domid !== 0 && ALIVE.has(state)).length;
    },
    failed: site.failed.then(ours),
    ended: site.ended,
    stop: () => site.stop(),
  };
}

function rethrow(error: unknown): never {
  throw ours(error);
}

/** The module is a bundle with classes of its own: its errors are known by their data. */
function ours(error: unknown): DomusError {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return new DomusError(error.code, error.message, { cause: error });
  }
  return new DomusError('internal', error instanceof Error ? error.message : String(error));
}
