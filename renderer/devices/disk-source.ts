/** Where a disk's content is, taken apart; as the contract's `DiskSource` says it. */

export type SourceParts =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'volume'; readonly pool: string; readonly volume: string }
  | { readonly kind: 'nbd'; readonly address: string };

export function sourceParts(source: string): SourceParts {
  if (source.startsWith('nbd://')) return { kind: 'nbd', address: source };
  const [pool = '', volume = ''] = source.split('/');
  return source.startsWith('/') || volume === ''
    ? { kind: 'path', path: source }
    : { kind: 'volume', pool, volume };
}

/** The last part, for narrow places. */
export function sourceName(source: string): string {
  return source.split('/').at(-1) || source;
}
