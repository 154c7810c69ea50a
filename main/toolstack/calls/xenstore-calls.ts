/** `xenstore.*` of the contract: each host has a store of its own, and the path often says which. */
import { DomusError } from '../../../shared/errors.ts';
import type { HostLink } from '../hosts/host-link.ts';
import type { SiteParts } from '../site-parts.ts';
import { Topic } from '../streams/topic.ts';
import { checkPath, textToValue, valueToText } from './xenstore-text.ts';
import type { SiteApi } from './site-api.ts';

const WAITING_PATHS = 1000;

interface Ref {
  host?: string | undefined;
  path: string;
}

export function xenstoreCalls(parts: SiteParts): SiteApi['xenstore'] {
  let lastWatch = 0;
  const at = (ref: Ref): { link: HostLink; path: string } => locate(parts, ref);
  return {
    list: async (ref) => {
      const { link, path } = at(ref);
      const nodes = await link.call('xenstore.list', { path });
      return nodes.map((node) => ({ ...node, value: valueToText(node.value) }));
    },
    read: async (ref) => {
      const { link, path } = at(ref);
      return { value: valueToText(await link.call('xenstore.read', { path })) };
    },
    write: async (ref) => {
      const { link, path } = at(ref);
      await link.call('xenstore.write', { path, value: textToValue(ref.value) });
      return {};
    },
    remove: async (ref) => {
      const { link, path } = at(ref);
      if (path === '/') {
        throw new DomusError('xenstore.root', 'The root of xenstore cannot be removed.');
      }
      await link.call('xenstore.remove', { path });
      return {};
    },
    watch: async (ref, options) => {
      const { link, path } = at(ref);
      return watch(link, path, ++lastWatch, options?.signal);
    },
  };
}

/** The same path twice before it was read is told once: a watch says that, not what. */
async function watch(
  link: HostLink,
  path: string,
  watch: number,
  signal: AbortSignal | undefined,
): Promise<AsyncGenerator<{ path: string }, void, void>> {
  const topic = new Topic<{ path: string }>(
    { limit: WAITING_PATHS, keyOf: (change) => change.path },
    (readers) => {
      if (readers > 0) return;
      stopListening();
      if (link.isUp) link.call('xenstore.unwatch', { watch }).catch(() => {}); // it died meanwhile
    },
  );
  const stopListening = link.on('xenstore.changed', (change) => {
    if (change.watch === watch) topic.publish({ path: change.path });
  });
  const changes = topic.read(signal);
  void link.exited.then(() => topic.close());
  try {
    await link.call('xenstore.watch', { path, watch });
    return changes;
  } catch (error) {
    topic.close();
    throw error;
  }
}

/** The host that was named, else the one whose domain the path is about, else the first. */
function locate(parts: SiteParts, { host, path }: Ref): { link: HostLink; path: string } {
  const plain = checkPath(path);
  if (host !== undefined) return { link: parts.hosts.get(host).link, path: plain };
  const owner = ownerOf(parts, plain);
  if (owner) return { link: owner, path: plain };
  const first = parts.hosts.all()[0];
  if (first) return { link: first.link, path: plain };
  throw new DomusError(
    'host.unknown',
    'There is no host whose xenstore could be asked. Add one: domus host add NAME --memory MiB --cpus N.',
  );
}

function ownerOf(parts: SiteParts, path: string): HostLink | undefined {
  const domid = /^\/local\/domain\/(\d{1,5})(?:\/|$)/.exec(path)?.[1];
  const uuid = /^\/(?:vm|libxl)\/([0-9a-f-]{36})(?:\/|$)/.exec(path)?.[1];
  const domain =
    domid !== undefined
      ? parts.domains.byDomid(Number(domid))
      : uuid !== undefined
        ? parts.domains.byUuid(uuid)
        : undefined;
  return domain?.running?.host.link;
}
