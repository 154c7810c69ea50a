/** What the rest of the toolstack needs of images; `image-shelf.ts` gives it from the image store. */
import type { DiskFormat, Image, ImageRecipe, ImportImage } from '../../shared/contract/index.ts';

/** An image's bytes, loaded once and shared by all that boot it. */
export interface BootableImage {
  id: string;
  name: string;
  kernel: SharedArrayBuffer;
  initrd: SharedArrayBuffer;
  cmdline: string;
  /** Our own init takes the host name from the kernel's command line. */
  isBuilt: boolean;
  /** Whether the guest runs our agent, so that commands, clones and clock setting work. */
  hasAgent: boolean;
  /** A file that is only read: its domains' root disks are overlays over it. */
  disk: { path: string; format: DiskFormat; bytes: number } | null;
}

export type ImageRecord = Omit<Image, 'goldenMiB'>;
/** `fraction` 0 to 1, and the step it is at. */
export type ImageProgress = (fraction: number, detail: string) => void;

export interface ImageRun {
  progress: ImageProgress;
  signal: AbortSignal;
}

export interface ImageSource {
  /** Whole images, the default first. */
  list(): Promise<ImageRecord[]>;
  /** By id or name. Error `image.unknown`. */
  find(ref: string): Promise<ImageRecord>;
  /** Reads and verifies. Errors `image.unknown`, `image.corrupt`. */
  load(id: string): Promise<BootableImage>;
  /** The default image; built where there is none, and then progress is told. Errors `image.*`. */
  ensure(run: ImageRun): Promise<ImageRecord>;
  build(asked: ImageBuild, run: ImageRun): Promise<ImageRecord>;
  import(asked: ImportImage): Promise<ImageRecord>;
  remove(id: string): Promise<void>;
}

export interface ImageBuild {
  recipe?: ImageRecipe | undefined;
  kernelVersion?: string | undefined;
}
