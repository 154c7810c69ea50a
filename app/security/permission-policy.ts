/** Copy and paste in consoles; everything else that a page can ask for is refused. */
const GRANTED: ReadonlySet<string> = new Set(['clipboard-read', 'clipboard-sanitized-write']);

export function isGranted(
  permission: string,
  asker: { ourPage: boolean; mainFrame: boolean },
): boolean {
  return asker.ourPage && asker.mainFrame && GRANTED.has(permission);
}
