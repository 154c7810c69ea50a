import { join } from 'node:path';
import { resolveHome } from '../../home.ts';
import type { Image } from '../image-folder.ts';
import { ImageStore } from '../image-store.ts';

/** The real image, from the cache that all homes share; built when missing. */
export function builtImage(): Promise<Image> {
  return new ImageStore({ directory: join(resolveHome().cache, 'images') }).ensure();
}
