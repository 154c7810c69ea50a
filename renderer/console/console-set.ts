/** The consoles that were shown together last: the way back to them, and where one is added. */
const KEY = 'domus.consoles';
const MOST = 9;

export function shownConsoles(): readonly string[] {
  return (sessionStorage.getItem(KEY) ?? '').split(',').filter((uuid) => uuid !== '');
}

export function rememberConsoles(uuids: readonly string[]): void {
  sessionStorage.setItem(KEY, uuids.join(','));
}

/** @returns the set with this one in it; the oldest makes room. */
export function addConsole(uuid: string): readonly string[] {
  const others = shownConsoles().filter((one) => one !== uuid);
  return [...others, uuid].slice(-MOST);
}
