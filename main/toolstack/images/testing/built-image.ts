import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Image } from '../image-folder.ts';
import { ImageStore } from '../image-store.ts';

/** The real image, from a cache that test runs share (`DOMUS_TEST_IMAGES`); built when missing. */
export function builtImage(): Promise<Image> {
  const directory = process.env['DOMUS_TEST_IMAGES'] ?? join(tmpdir(), 'domus-test-images');
  return new ImageStore({ directory }).ensure();
}
