/**
 * The token that the server's printed address carries in its fragment (`#token=…`), which browsers
 * send to nobody. It moves to the tab's session storage at once: the address bar, the history and
 * bookmarks then do not hold it, and a reload still works.
 */
const KEY = 'domus.token';
const FRAGMENT = /^#token=([A-Za-z0-9_-]{1,512})$/;

export interface TokenPlaces {
  readonly location: Pick<Location, 'hash' | 'pathname' | 'search'>;
  readonly history: Pick<History, 'replaceState'>;
  readonly sessionStorage: Pick<Storage, 'getItem' | 'setItem'>;
}

export function takeToken({ location, history, sessionStorage }: TokenPlaces): string | null {
  const found = FRAGMENT.exec(location.hash)?.[1];
  if (found === undefined) return sessionStorage.getItem(KEY);
  sessionStorage.setItem(KEY, found);
  history.replaceState(null, '', `${location.pathname}${location.search}#/`);
  return found;
}
