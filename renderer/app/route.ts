/**
 * Where the window is: held in the address's fragment, so that reload, back and forward work over
 * HTTP and from a file alike.
 */
import { useMemo, useSyncExternalStore } from 'react';

export const DOMAIN_TABS = ['console', 'overview', 'performance', 'xen'] as const;
export type DomainTab = (typeof DOMAIN_TABS)[number];

export type Route =
  | { readonly view: 'site' }
  | { readonly view: 'host'; readonly host: string }
  | { readonly view: 'domain'; readonly uuid: string; readonly tab: DomainTab }
  | { readonly view: 'consoles'; readonly uuids: readonly string[] }
  /** A console alone, in a window of its own. */
  | { readonly view: 'window'; readonly uuid: string }
  | { readonly view: 'images' }
  | { readonly view: 'tasks' }
  | { readonly view: 'events' };

/** Anything unknown leads to the site. */
export function parseRoute(fragment: string): Route {
  const [view, first = '', second = ''] = fragment.replace(/^#?\//, '').split('/').map(decode);
  switch (view) {
    case 'host':
      return first === '' ? { view: 'site' } : { view, host: first };
    case 'domain':
      return first === '' ? { view: 'site' } : { view, uuid: first, tab: tabOf(second) };
    case 'consoles':
      return { view, uuids: first.split(',').filter((uuid) => uuid !== '') };
    case 'window':
      return first === '' ? { view: 'site' } : { view, uuid: first };
    case 'images':
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
      return `#/domain/${route.uuid}${route.tab === 'console' ? '' : `/${route.tab}`}`;
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
