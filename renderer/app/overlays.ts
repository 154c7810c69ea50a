import { Value } from '../state/value.ts';

/** What lies over the page; at most one thing does. */
export type Overlay =
  | { readonly kind: 'palette' }
  | { readonly kind: 'help' }
  | { readonly kind: 'create-domain' }
  | { readonly kind: 'add-host' }
  | { readonly kind: 'build-image' }
  | { readonly kind: 'import-image' }
  | { readonly kind: 'add-pool' }
  | { readonly kind: 'create-volume'; readonly pool: string; readonly over: string | null }
  | {
      readonly kind: 'clone-volume' | 'grow-volume' | 'delete-volume';
      readonly pool: string;
      readonly volume: string;
    }
  | { readonly kind: 'add-network' }
  | { readonly kind: 'move'; readonly uuid: string }
  | { readonly kind: 'rename' | 'clone'; readonly uuid: string }
  | {
      readonly kind: 'revert' | 'delete-checkpoint';
      readonly uuid: string;
      readonly checkpoint: string;
      readonly label: string;
    }
  | { readonly kind: 'force-off'; readonly uuid: string }
  | { readonly kind: 'force-delete'; readonly uuid: string };

export const overlay = new Value<Overlay | null>(null);

export function closeOverlay(): void {
  overlay.set(null);
}
