/** The image that domains get when nobody names one: built once, however many wait for it. */
import type { ImageRecord } from '../image-source.ts';
import type { SiteParts } from '../site-parts.ts';
import type { RunningTask } from '../tasks/task.ts';

export class DefaultImage {
  private ensuring: Promise<ImageRecord> | null = null;

  /** The image; where it has to be built first, a task of its own shows that. */
  get(parts: SiteParts): Promise<ImageRecord> {
    this.ensuring ??= ensure(parts).finally(() => (this.ensuring = null));
    return this.ensuring;
  }
}

function ensure(parts: SiteParts): Promise<ImageRecord> {
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
  parts: SiteParts,
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
