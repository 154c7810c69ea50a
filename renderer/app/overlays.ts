import { Value } from '../state/value.ts';

/** What lies over the page; at most one thing does. */
export type Overlay =
  | { readonly kind: 'palette' }
  | { readonly kind: 'help' }
  | { readonly kind: 'create-domain' }
  | { readonly kind: 'add-host' }
  | { readonly kind: 'import-image' }
  | { readonly kind: 'rename'; readonly uuid: string }
  | { readonly kind: 'force-off'; readonly uuid: string }
  | { readonly kind: 'force-delete'; readonly uuid: string };

export const overlay = new Value<Overlay | null>(null);

export function closeOverlay(): void {
  overlay.set(null);
}
