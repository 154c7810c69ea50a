import type { GoldenSnapshot } from '../golden/golden-file.ts';
import type { BootableImage } from '../image-source.ts';

/** What a life is made of. */
export type Given =
  | { mode: 'clone'; image: BootableImage; golden: GoldenSnapshot }
  | { mode: 'cold'; image: BootableImage };
