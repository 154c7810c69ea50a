/** What the rest of the toolstack needs of the image store (`images/`). */
import type { Image } from '../../shared/contract/index.ts';

/** An image's bytes, loaded once and shared by all that boot it. */
export interface BootableImage {
  id: string;
  name: string;
  kind: Image['kind'];
  kernel: SharedArrayBuffer;
  initrd: SharedArrayBuffer;
  cmdline: string;
}

export type ImageRecord = Omit<Image, 'goldenMiB'>;
/** `fraction` 0 to 1 or null, and the step it is at. */
export type ImageProgress = (fraction: number | null, detail: string) => void;

export interface ImageSource {
  list(): ImageRecord[];
  /** By id or name; without one the default. Null when there is none. */
  find(ref: string | undefined): ImageRecord | null;
  /** Error `image.damaged`. */
  load(id: string): Promise<BootableImage>;
  build(
    kernelVersion: string | undefined,
    progress: ImageProgress,
    signal: AbortSignal,
  ): Promise<ImageRecord>;
  import(asked: {
    name: string;
    kernelPath: string;
    initrdPath: string;
    cmdline?: string | undefined;
  }): Promise<ImageRecord>;
  remove(id: string): Promise<void>;
}
