import type { LoadedSnapshot } from '../golden/golden-library.ts';
import type { BootableImage } from '../image-source.ts';

/** What a life is made of. */
export type Given =
  | { mode: 'clone'; image: BootableImage; golden: LoadedSnapshot }
  | { mode: 'cold'; image: BootableImage };
