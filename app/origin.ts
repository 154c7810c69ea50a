/** The window's pages have an origin of their own: no file and no web page shares it. */
export const PAGE_SCHEME = 'app';
const PAGE_HOST = 'domus';
export const PAGE_ORIGIN = `${PAGE_SCHEME}://${PAGE_HOST}`;
export const START_PAGE = `${PAGE_ORIGIN}/`;

/** Compares scheme and host: `URL.origin` is "null" for schemes that Node does not know. */
export function isOurPage(address: string): boolean {
  const url = URL.parse(address);
  return (
    url?.protocol === `${PAGE_SCHEME}:` &&
    url.host === PAGE_HOST &&
    url.username === '' &&
    url.password === ''
  );
}
