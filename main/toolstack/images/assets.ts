import { fileURLToPath } from 'node:url';
import { debianRoot } from '../../guest/debian-root.ts';
import { guestRootfs } from '../../guest/rootfs.ts';

/** Files of the product that image building reads; a packed product says where they are. */
export interface ImageAssets {
  /** The folder `main/guest/rootfs`. */
  readonly rootfs: string;
  /** The folder `main/guest/debian-root`. */
  readonly debianRoot: string;
  /** The folder `main/toolstack/images/keys`. */
  readonly keys: string;
}

export const sourceAssets: ImageAssets = {
  rootfs: guestRootfs,
  debianRoot,
  keys: fileURLToPath(new URL('keys', import.meta.url)),
};
