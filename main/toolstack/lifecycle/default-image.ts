/** The image that domains get when nobody names one: built once, however many wait for it. */
import type { ImageRecord, ImageSource } from '../image-source.ts';
import type { RunningTask } from '../tasks/task.ts';
import type { TaskBook } from '../tasks/task-book.ts';

/** What of the site it works with. */
interface Workshop {
  readonly images: ImageSource;
  readonly tasks: TaskBook;
  /** The list of images is another. */
  imagesChanged(): void;
}

export class DefaultImage {
  private ensuring: Promise<ImageRecord> | null = null;

  /** The image; where it has to be built first, a task of its own shows that. */
  get(parts: Workshop): Promise<ImageRecord> {
    this.ensuring ??= ensure(parts).finally(() => (this.ensuring = null));
    return this.ensuring;
  }
}

function ensure(parts: Workshop): Promise<ImageRecord> {
  const controller = new AbortController();
  let task: RunningTask | null = null;
  const image = parts.images.ensure({
    signal: controller.signal,
    progress: (fraction, detail) => {
      task ??= show(parts, image, controller);
      task.progress(fraction, detail);
    },
  });
  return image;
}

/** A task for work that is going on already. */
function show(
  parts: Workshop,
  image: Promise<ImageRecord>,
  controller: AbortController,
): RunningTask {
  let running: RunningTask | undefined;
  parts.tasks.start(
    { kind: 'image-build', title: 'Building the Debian image', cancellable: true },
    async (task) => {
      running = task;
      task.signal.addEventListener('abort', () => controller.abort(task.signal.reason));
      const { name } = await image;
      parts.imagesChanged();
      return { title: `Built image ${name}` };
    },
  );
  return running!; // the work began within `start`
}
