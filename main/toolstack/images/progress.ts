/** One step of an image being made, for a task list. */
export interface ImageProgress {
  readonly phase: 'wait' | 'index' | 'download' | 'unpack' | 'assemble' | 'publish' | 'verify';
  /** Of the whole operation, 0 to 1; never decreases. */
  readonly fraction: number;
  /** A sentence for the person watching. */
  readonly message: string;
}

export type ProgressListener = (progress: ImageProgress) => void;
