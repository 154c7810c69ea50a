/** The image that domains get when nobody names one: built once, however many wait for it. */
import type { ImageRecord } from '../image-source.ts';
import type { SiteParts } from '../site-parts.ts';

export class DefaultImage {
  private building: Promise<ImageRecord> | null = null;

  /** The image, built in a task of its own where there is none. */
  get(parts: SiteParts): Promise<ImageRecord> {
    const image = parts.images.find(undefined);
    if (image) return Promise.resolve(image);
    this.building ??= build(parts).finally(() => (this.building = null));
    return this.building;
  }
}

function build(parts: SiteParts): Promise<ImageRecord> {
  const built = Promise.withResolvers<ImageRecord>();
  parts.tasks.start(
    { kind: 'image-build', title: 'Building the Debian image', cancellable: true },
    async (task) => {
      try {
        const image = await parts.images.build(
          undefined,
          (fraction, detail) => task.progress(fraction, detail),
          task.signal,
        );
        built.resolve(image);
        return { title: `Built image ${image.name}`, result: image };
      } catch (error) {
        built.reject(error);
        throw error;
      }
    },
  );
  return built.promise;
}
