/**
 * Where the window is: held in the address's fragment, so that reload, back and forward work over
 * HTTP and from a file alike.
 */
import { useMemo, useSyncExternalStore } from 'react';

export const DOMAIN_TABS = [
  'console',
  'overview',
  'performance',
  'devices',
  'checkpoints',
  'moves',
  'xen',
] as const;
export type DomainTab = (typeof DOMAIN_TABS)[number];

export type Route =
  | { readonly view: 'site' }
  | { readonly view: 'host'; readonly host: string }
  /** `device`, on the devices' tab: `xvda`, `eth0`, or what is being added. */
  | {
      readonly view: 'domain';
      readonly uuid: string;
      readonly tab: DomainTab;
      readonly device?: string;
    }
  | { readonly view: 'consoles'; readonly uuids: readonly string[] }
  /** A console alone, in a window of its own. */
  | { readonly view: 'window'; readonly uuid: string }
  | { readonly view: 'images' }
  /** Null: the first pool. */
  | { readonly view: 'storage'; readonly pool: string | null }
  | { readonly view: 'networks' }
  | { readonly view: 'tasks' }
  | { readonly view: 'events' };

/** Anything unknown leads to the site. */
export function parseRoute(fragment: string): Route {
  const [view, first = '', second = '', third = ''] = fragment
    .replace(/^#?\//, '')
    .split('/')
    .map(decode);
  switch (view) {
    case 'host':
      return first === '' ? { view: 'site' } : { view, host: first };
    case 'domain':
      return first === '' ? { view: 'site' } : domainRoute(first, tabOf(second), third);
    case 'storage':
      return { view, pool: first === '' ? null : first };
    case 'consoles':
      return { view, uuids: first.split(',').filter((uuid) => uuid !== '') };
    case 'window':
      return first === '' ? { view: 'site' } : { view, uuid: first };
    case 'images':
    case 'networks':
    case 'tasks':
    case 'events':
      return { view };
    default:
      return { view: 'site' };
  }
}

export function routeHref(route: Route): string {
  switch (route.view) {
    case 'site':
      return '#/';
    case 'host':
      return `#/host/${encodeURIComponent(route.host)}`;
    case 'domain':
      return `#/domain/${route.uuid}${route.tab === 'console' ? '' : `/${route.tab}`}${
        route.device === undefined ? '' : `/${encodeURIComponent(route.device)}`
      }`;
    case 'storage':
      return route.pool === null ? '#/storage' : `#/storage/${encodeURIComponent(route.pool)}`;
    case 'consoles':
      return `#/consoles/${route.uuids.join(',')}`;
    case 'window':
      return `#/window/${route.uuid}`;
    default:
      return `#/${route.view}`;
  }
}

export function navigate(route: Route): void {
  location.hash = routeHref(route);
}

/** Without a step in the history: for what is chosen by moving over it. */
export function replaceRoute(route: Route): void {
  const { pathname, search } = location;
  location.replace(`${pathname}${search}${routeHref(route)}`);
}

export function openDomain(uuid: string, tab: DomainTab = 'console'): void {
  navigate({ view: 'domain', uuid, tab });
}

export function useRoute(): Route {
  const fragment = useSyncExternalStore(subscribe, () => location.hash);
  return useMemo(() => parseRoute(fragment), [fragment]);
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

function domainRoute(uuid: string, tab: DomainTab, device: string): Route {
  return tab === 'devices' && device !== ''
    ? { view: 'domain', uuid, tab, device }
    : { view: 'domain', uuid, tab };
}

function tabOf(text: string): DomainTab {
  return DOMAIN_TABS.find((tab) => tab === text) ?? 'console';
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}
