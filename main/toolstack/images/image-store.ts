import { mkdir, mkdtemp, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DomusError } from '../../../shared/errors.ts';
import { sourceAssets, type ImageAssets } from './assets.ts';
import { buildImage, type BuildResult } from './build.ts';
import { readKeyring } from './debian/keyring.ts';
import type { RunOptions } from './debian/source.ts';
import { compareVersions } from './debian/version.ts';
import { diskError, publishDirectory, removeTree, requireSpace, writeDurably } from './durable.ts';
import {
  builtName,
  findImage,
  manifestName,
  setAside,
  verifyImage,
  type Image,
  type ImageFinding,
} from './image-folder.ts';
import { importFiles, type ImportRequest } from './import-image.ts';
import type { InitrdCompression } from './initramfs/assemble.ts';
import type { BuildRecord, ImageManifest } from './manifest.ts';
import { packageSources, type SourceSettings } from './package-sources.ts';
import { isKernel } from './recipe.ts';
import { recipeSha256 } from './recipe-hash.ts';
import { buildDiskImage } from './root-disk/build-disk.ts';
import { diskRecipeSha256 } from './root-disk/recipe-hash.ts';
import { lockFile } from './store-lock.ts';

export interface ImageStoreOptions extends SourceSettings {
  /** The cache folder of images; several homes and processes may share it. Made when missing. */
  readonly directory: string;
  readonly assets?: ImageAssets;
  readonly compression?: InitrdCompression;
}

export interface BuildRequest extends RunOptions {
  /** `busybox`: an initramfs alone, which starts fastest; `debian`: with a root disk. Else `busybox`. */
  readonly recipe?: ImageRecipe | undefined;
  /** A kernel of the suite other than its newest: `6.1.176`, `6.1.176-1` or `6.1.0-50`. */
  readonly kernelVersion?: string | undefined;
}

export type ImageRecipe = 'busybox' | 'debian';

/** Folders of images in the making; there is one at a time, so others were left by a process that died. */
const scratchPrefix = '.new-';
/** Package lists, packages, and what is made of them; the error says as much. */
const BUILD_BYTES = 100e6;
/** And Debian's files, the file system, and the disk. */
const BUILD_DISK_BYTES = 900e6;
const gonePrefix = '.gone-';

/**
 * The images on this machine. An image appears whole or not at all, is checked each time it is
 * opened, and one process at a time makes images. All methods can be cancelled by `signal`; the
 * errors are DomusErrors with codes `image.*`.
 */
export class ImageStore {
  readonly #directory: string;
  readonly #assets: ImageAssets;
  readonly #compression: InitrdCompression;
  readonly #settings: SourceSettings;

  constructor(options: ImageStoreOptions) {
    this.#directory = options.directory;
    this.#assets = options.assets ?? sourceAssets;
    this.#compression = options.compression ?? 'none';
    this.#settings = { source: options.source, mirror: options.mirror };
  }

  /** All images, whole or damaged, ordered by ID. */
  async list(): Promise<ImageFinding[]> {
    const entries = await this.#usable(() => readdir(this.#directory, { withFileTypes: true }));
    const ids = entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
      .sort();
    return Promise.all(ids.map((id) => findImage(this.#directory, id)));
  }

  /** An image by ID, as far as its manifest and the sizes of its files tell; undefined where none is whole. */
  async find(id: string): Promise<Image | undefined> {
    const finding = await findImage(this.#directory, id);
    return 'image' in finding ? finding.image : undefined;
  }

  /**
   * Opens an image by ID, after reading all of it against its manifest.
   *
   * @throws DomusError `image.unknown`; `image.corrupt`: it has been set aside.
   */
  async open(id: string, options: RunOptions = {}): Promise<Image> {
    const finding = (await this.list()).find((candidate) => candidate.id === id);
    if (finding === undefined) throw await this.#unknown(id);
    const problem =
      'problem' in finding ? finding.problem : await verifyImage(finding.image, options.signal);
    if ('image' in finding && problem === undefined) return finding.image;
    const place = await setAside(this.#directory, id);
    throw new DomusError(
      'image.corrupt',
      `The image ${id} is damaged: ${problem}. It has been set aside as ${place}; build or import it again.`,
      { data: { id, problem, setAside: place } },
    );
  }

  /**
   * The Debian image that new domains get: the newest kernel at hand, made by today's recipe. One is
   * built when there is none; nothing is asked of the network otherwise.
   */
  async ensure(request: BuildRequest = {}): Promise<Image> {
    return (
      (await this.#current(request)) ?? (await this.#make(request, () => this.#current(request)))
    );
  }

  /** Builds the image of what Debian has now; returns the one at hand when that is the same. */
  async build(request: BuildRequest = {}): Promise<Image> {
    return this.#make(request, () => Promise.resolve(undefined));
  }

  /** Takes in a person's own kernel and initrd, or disk. */
  async import(request: ImportRequest): Promise<Image> {
    using _lock = await this.#lock(request);
    // Awaited, or the lock would be let go of at once.
    return await this.#withScratch(async (scratch) => {
      const output = join(scratch, 'image');
      await mkdir(output);
      const boot = (): Promise<Image> => this.#bootImage(request);
      const manifest = await importFiles(request, output, boot);
      return this.#publish(output, manifest, { source: 'import', warnings: [] }, request);
    });
  }

  /** What starts a disk that has no kernel beside it: built anew only where there is none. */
  async #bootImage(request: RunOptions): Promise<Image> {
    const image = await this.#current(request);
    if (image !== undefined) return image;
    throw new DomusError(
      'image.no-kernel-here',
      'The disk comes without a kernel, and there is no Debian image here whose kernel could start it. Build one first: "domus image build". Or name a kernel and its initrd.',
    );
  }

  /** @throws DomusError `image.unknown`. */
  async remove(id: string): Promise<void> {
    const known = (await this.list()).some((finding) => finding.id === id);
    if (!known) throw await this.#unknown(id);
    const gone = await mkdtemp(join(this.#directory, gonePrefix));
    await this.#usable(() => publishDirectory(join(this.#directory, id), join(gone, id)));
    await removeTree(gone);
  }

  /** The newest whole image that today's recipe made, with the kernel asked for. */
  async #current(request: BuildRequest): Promise<Image | undefined> {
    const recipe = await this.#recipeSha256(request.recipe);
    const fitting = (await this.list())
      .flatMap((finding) => ('image' in finding ? [finding.image] : []))
      .filter(({ manifest }) => isCurrent(manifest, recipe, request.kernelVersion))
      .sort((a, b) => compareVersions(b.manifest.kernel.version, a.manifest.kernel.version));
    for (const { manifest } of fitting) {
      try {
        return await this.open(manifest.id, request);
      } catch (error) {
        if (!(error instanceof DomusError && error.code === 'image.corrupt')) throw error;
        request.onProgress?.({ phase: 'verify', fraction: 0, message: error.message });
      }
    }
    return undefined;
  }

  #recipeSha256(recipe: ImageRecipe = 'busybox'): Promise<string> {
    return recipe === 'debian'
      ? diskRecipeSha256(this.#assets, this.#compression)
      : recipeSha256(this.#assets.rootfs, this.#compression);
  }

  /** Builds under the lock, unless `found` finds that another process has done so meanwhile. */
  async #make(request: BuildRequest, found: () => Promise<Image | undefined>): Promise<Image> {
    using _lock = await this.#lock(request);
    const image = await found();
    if (image !== undefined) return image;
    return await this.#withScratch(async (scratch) => {
      const { result, output, source, warnings } = await this.#buildFrom(scratch, request);
      return this.#publish(output, result.manifest, { source, warnings }, request);
    });
  }

  async #buildFrom(
    scratch: string,
    request: BuildRequest,
  ): Promise<{
    result: BuildResult;
    output: string;
    source: 'apt' | 'http';
    warnings: string[];
  }> {
    const withDisk = request.recipe === 'debian';
    await requireSpace(scratch, withDisk ? BUILD_DISK_BYTES : BUILD_BYTES);
    const keys = await readKeyring(this.#assets.keys);
    const sources = await packageSources(this.#settings, keys, join(scratch, 'sources'));
    const warnings: string[] = [];
    for (const [index, source] of sources.entries()) {
      const output = join(scratch, `image-${source.name}`);
      await mkdir(output);
      try {
        const input = {
          ...request,
          source,
          output,
          scratch: join(scratch, `packages-${source.name}`),
          rootfs: this.#assets.rootfs,
          compression: this.#compression,
        };
        const result = withDisk
          ? await buildDiskImage({ ...input, assets: this.#assets, keys })
          : await buildImage(input);
        return { result, output, source: source.name, warnings: [...warnings, ...result.warnings] };
      } catch (error) {
        const aptFailed = error instanceof DomusError && error.code === 'image.apt-failed';
        if (!aptFailed || index === sources.length - 1) throw error;
        warnings.push(error.message);
      } finally {
        await source.dispose();
      }
    }
    throw new Error('there is no way to the packages');
  }

  async #publish(
    output: string,
    manifest: ImageManifest,
    built: Omit<BuildRecord, 'at'>,
    request: RunOptions,
  ): Promise<Image> {
    request.signal?.throwIfAborted();
    const json = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;
    await writeDurably(join(output, manifestName), json(manifest));
    const record: BuildRecord = { at: new Date().toISOString(), ...built };
    await writeDurably(join(output, builtName), json(record));
    const there = await findImage(this.#directory, manifest.id);
    if ('image' in there && (await verifyImage(there.image)) === undefined) return there.image;
    const target = join(this.#directory, manifest.id);
    if (await exists(target)) await setAside(this.#directory, manifest.id);
    await publishDirectory(output, target);
    request.onProgress?.({
      phase: 'publish',
      fraction: 1,
      message: `The image ${manifest.id} is ready`,
    });
    return this.open(manifest.id, request);
  }

  async #lock(request: RunOptions): Promise<Disposable> {
    await this.#usable(() => Promise.resolve());
    return lockFile(join(this.#directory, '.locks', 'make.lock'), {
      signal: request.signal,
      onWait: () =>
        request.onProgress?.({
          phase: 'wait',
          fraction: 0,
          message: 'Another Domus process is making an image; waiting for it',
        }),
    });
  }

  /** Runs with a folder on the same file system as the images; its caller holds the lock. */
  async #withScratch<T>(use: (scratch: string) => Promise<T>): Promise<T> {
    for (const name of await readdir(this.#directory)) {
      const left = name.startsWith(scratchPrefix) || name.startsWith(gonePrefix);
      if (left) await removeTree(join(this.#directory, name));
    }
    const scratch = await mkdtemp(join(this.#directory, scratchPrefix));
    try {
      return await use(scratch);
    } catch (error) {
      throw diskError(scratch, error);
    } finally {
      await removeTree(scratch);
    }
  }

  async #usable<T>(use: () => Promise<T>): Promise<T> {
    try {
      await mkdir(this.#directory, { recursive: true });
      return await use();
    } catch (error) {
      throw diskError(this.#directory, error);
    }
  }

  async #unknown(id: string): Promise<DomusError> {
    const known = (await this.list()).map((finding) => finding.id);
    return new DomusError(
      'image.unknown',
      `There is no image "${id}". ${known.length > 0 ? `There are: ${known.join(', ')}.` : 'There is none yet: build or import one.'}`,
      { data: { id, known } },
    );
  }
}

function isCurrent(manifest: ImageManifest, recipe: string, kernelVersion?: string): boolean {
  const { origin, kernel } = manifest;
  if (origin.kind === 'import' || origin.recipeSha256 !== recipe) return false;
  return kernelVersion === undefined || isKernel(kernelVersion, kernel.release, kernel.version);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
