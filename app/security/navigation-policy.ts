import { isOurPage } from '../origin.ts';

/** Longer addresses are refused: systems cut them at various places. */
const MAX_ADDRESS_LENGTH = 2048;

/** What a page may load: its own files, and pictures that are part of them. */
export function mayLoad(address: string): boolean {
  return isOurPage(address) || /^(data|blob|devtools):/.test(address);
}

/**
 * The address to hand to the person's browser, or null. A guest can print any link on its console,
 * so only plain web addresses leave; a name and password in them would only disguise the host.
 */
export function externalAddress(address: string): string | null {
  if (address.length > MAX_ADDRESS_LENGTH) return null;
  const url = URL.parse(address);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return null;
  return url.username === '' && url.password === '' ? url.href : null;
}
