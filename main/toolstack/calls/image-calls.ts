/** `images.*` of the contract: the image store, and which images have golden snapshots. */
import type { Image } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import { baseVolume } from '../lifecycle/root-disk.ts';
import { DEFAULT_POOL } from '../storage/pool-registry.ts';
import { removeVolume } from '../storage/volumes.ts';
import type { SiteParts } from '../site-parts.ts';
import type { SiteApi } from './site-api.ts';

export function imageCalls(parts: SiteParts): SiteApi['images'] {
  return {
    list: async () => imageViews(parts),
    build: async (asked) =>
      parts.tasks.start(
        {
          kind: 'image-build',
          title:
            asked.recipe === 'debian'
              ? 'Building the Debian image with a disk'
              : 'Building the Debian image',
          cancellable: true,
        },
        async (task) => {
          const image = await parts.images.build(asked, {
            signal: task.signal,
            progress: (fraction, detail) => task.progress(fraction, detail),
          });
          parts.imagesChanged();
          parts.events.add('info', 'image.built', `Image ${image.name} was built.`);
          return { title: `Built image ${image.name}`, result: image };
        },
      ),
    import: async (input) => {
      const image = await parts.images.import(input);
      parts.imagesChanged();
      parts.events.add('info', 'image.imported', `Image ${image.name} was imported.`);
      return { ...image, goldenMiB: [] };
    },
    remove: async ({ image: ref }) => {
      const image = await parts.images.find(ref);
      requireUnused(parts, image.id, image.name);
      await parts.images.remove(image.id);
      parts.golden.forget(image.id);
      await forgetDisk(parts, image.id);
      parts.events.add('info', 'image.removed', `Image ${image.name} was removed.`);
      return {};
    },
  };
}

/** Its copy in the pool goes with it, unless a domain's disk that was left still lies over it. */
async function forgetDisk(parts: SiteParts, id: string): Promise<void> {
  const address = { pool: DEFAULT_POOL, volume: baseVolume(id) };
  try {
    await removeVolume(parts, address);
  } catch (error) {
    if (error instanceof DomusError && error.code === 'volume.unknown') return;
    const why = error instanceof Error ? error.message : String(error);
    parts.log.write('info', 'images', `the copy of its disk stays: ${why}`);
  }
}

export async function imageViews(parts: Pick<SiteParts, 'images' | 'golden'>): Promise<Image[]> {
  const images = await parts.images.list();
  return images.map((image) => ({ ...image, goldenMiB: parts.golden.classes(image.id) }));
}

/** Error `image.in-use`, which names the domains. */
function requireUnused(parts: SiteParts, id: string, name: string): void {
  const users = parts.domains
    .everything()
    .filter(({ definition }) => definition.image === id)
    .map((domain) => domain.name);
  if (users.length === 0) return;
  throw new DomusError(
    'image.in-use',
    `Image ${name} is used by ${users.join(', ')}. Delete them first.`,
    { data: { image: name, domains: users } },
  );
}
