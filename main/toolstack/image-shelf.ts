/** The image store, as the rest of the toolstack sees it: by id or name, and loaded once. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImportImage } from '../../shared/contract/index.ts';
import { DomusError } from '../../shared/errors.ts';
import { storageError } from './files/atomic-file.ts';
import type {
  BootableImage,
  ImageBuild,
  ImageRecord,
  ImageRun,
  ImageSource,
} from './image-source.ts';
import type { Home } from './home.ts';
import { ImageStore } from './images/index.ts';
import type { Image, ImageProgress as StoreProgress } from './images/index.ts';
import type { LogBook } from './log/log-book.ts';

/** Images whose bytes are kept; domains that run do not need theirs any more. */
const LOADED = 4;

export interface ImageShelfOptions {
  home: Home;
  log: LogBook;
  /** A Debian mirror other than the system's or the public one. */
  mirror?: string | undefined;
}

export class ImageShelf implements ImageSource {
  private readonly store: ImageStore;
  private readonly log: LogBook;
  private readonly loaded = new Map<string, Promise<BootableImage>>();
  /** The id that `ensure` gave last. */
  private defaultId: string | null = null;

  constructor({ home, log, mirror }: ImageShelfOptions) {
    this.store = new ImageStore({ directory: join(home.cache, 'images'), mirror });
    this.log = log;
  }

  async list(): Promise<ImageRecord[]> {
    const images = (await this.store.list())
      .flatMap((finding) => ('image' in finding ? [finding.image] : []))
      .sort((a, b) => b.built.at.localeCompare(a.built.at));
    const newest = images.find(({ manifest }) => manifest.origin.kind === 'debian');
    const known = images.some(({ manifest }) => manifest.id === this.defaultId);
    const standard = known ? this.defaultId : newest?.manifest.id;
    return images
      .map((image) => record(image, image.manifest.id === standard))
      .sort((a, b) => Number(b.isDefault) - Number(a.isDefault));
  }

  async find(ref: string): Promise<ImageRecord> {
    const all = await this.list();
    const found = all.find(({ id }) => id === ref) ?? all.find(({ name }) => name === ref);
    if (found) return found;
    const names = all.map(({ id }) => id);
    throw new DomusError(
      'image.unknown',
      `There is no image ${ref}. ${names.length > 0 ? `There are: ${names.join(', ')}.` : 'There is none yet; one is made with "domus image build".'}`,
      { data: { image: ref, known: names } },
    );
  }

  load(id: string): Promise<BootableImage> {
    const known = this.loaded.get(id);
    if (known) return known;
    const loading = this.read(id);
    this.loaded.set(id, loading);
    loading.catch(() => this.loaded.delete(id));
    for (const oldest of this.loaded.keys()) {
      if (this.loaded.size <= LOADED) break;
      this.loaded.delete(oldest);
    }
    return loading;
  }

  /** Reads all of it once: what is asked for again need only be there, and is read when it is loaded. */
  async ensure(run: ImageRun): Promise<ImageRecord> {
    const known = this.defaultId === null ? undefined : await this.store.find(this.defaultId);
    if (known) return record(known, true);
    const image = await this.store.ensure({
      signal: run.signal,
      // Checking the image at hand is no news; making one is.
      onProgress: (told) => told.phase !== 'verify' && this.tell(run, told),
    });
    this.defaultId = image.manifest.id;
    return record(image, true);
  }

  async build({ recipe, kernelVersion }: ImageBuild, run: ImageRun): Promise<ImageRecord> {
    const image = await this.store.build({
      recipe,
      kernelVersion,
      signal: run.signal,
      onProgress: (told) => this.tell(run, told),
    });
    for (const warning of image.built.warnings) this.log.write('warning', 'images', warning);
    // It may be a newer one of the default's kind.
    this.defaultId = null;
    return this.find(image.manifest.id);
  }

  async import({ name, cmdline, ...files }: ImportImage): Promise<ImageRecord> {
    const taken = (await this.list()).find((image) => image.name === name);
    if (taken) {
      throw new DomusError(
        'image.exists',
        `There is an image ${name} already (${taken.id}). Choose another name, or remove that one.`,
        { data: { image: name, id: taken.id } },
      );
    }
    const image = await this.store.import({
      name,
      ...files,
      commandLine: cmdline,
    });
    return this.find(image.manifest.id);
  }

  async remove(id: string): Promise<void> {
    await this.store.remove(id);
    this.loaded.delete(id);
  }

  private tell({ progress }: ImageRun, { fraction, message }: StoreProgress): void {
    this.log.write('debug', 'images', message);
    progress(fraction, message);
  }

  private async read(id: string): Promise<BootableImage> {
    const image = await this.store.open(id);
    const { manifest } = image;
    const { disk = null } = manifest;
    const [kernel, initrd] = await Promise.all([
      sharedFile(image, 'vmlinuz'),
      sharedFile(image, 'initrd.img'),
    ]);
    return {
      id,
      name: manifest.title,
      kernel,
      initrd,
      cmdline: manifest.commandLine,
      isBuilt: manifest.origin.kind !== 'import',
      hasAgent: manifest.agent,
      disk: disk && {
        path: image.path(disk.file) ?? disk.file,
        format: disk.format,
        bytes: disk.bytes,
      },
    };
  }
}

function record({ manifest, built }: Image, isDefault: boolean): ImageRecord {
  const sizes = Object.values(manifest.files).map(({ sizeBytes }) => sizeBytes);
  return {
    id: manifest.id,
    name: manifest.title,
    kind: manifest.origin.kind === 'import' ? 'imported' : 'built',
    kernelVersion: manifest.kernel.version,
    cmdline: manifest.commandLine,
    sizeBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
    diskBytes: manifest.disk?.bytes ?? null,
    createdAtMs: Date.parse(built.at),
    isDefault,
  };
}

async function sharedFile(image: Image, name: string): Promise<SharedArrayBuffer> {
  const path = image.path(name) ?? name;
  try {
    const bytes = await readFile(path);
    const shared = new SharedArrayBuffer(bytes.length);
    new Uint8Array(shared).set(bytes);
    return shared;
  } catch (error) {
    throw storageError(path, error);
  }
}
