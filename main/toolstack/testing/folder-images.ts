/** Images for tests: one folder with `vmlinuz` and `initrd.img`, as if it had been built. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BootableImage, ImageRecord, ImageSource } from '../image-source.ts';

const RECORD: ImageRecord = {
  id: 'test-debian',
  name: 'test-debian',
  kind: 'built',
  kernelVersion: 'of the folder',
  cmdline: 'console=hvc0 cryptomgr.notests noisapnp',
  sizeBytes: 0,
  createdAtMs: 0,
  isDefault: true,
};

export class FolderImages implements ImageSource {
  private readonly folder: string;
  private loaded: Promise<BootableImage> | null = null;

  constructor(folder: string) {
    this.folder = folder;
  }

  list(): Promise<ImageRecord[]> {
    return Promise.resolve([RECORD]);
  }

  find(): Promise<ImageRecord> {
    return Promise.resolve(RECORD);
  }

  ensure(): Promise<ImageRecord> {
    return Promise.resolve(RECORD);
  }

  load(): Promise<BootableImage> {
    this.loaded ??= this.read();
    return this.loaded;
  }

  build(): Promise<ImageRecord> {
    return Promise.resolve(RECORD);
  }

  import(): Promise<ImageRecord> {
    return Promise.reject(new Error('these images are one folder'));
  }

  remove(): Promise<void> {
    return Promise.reject(new Error('these images are one folder'));
  }

  private async read(): Promise<BootableImage> {
    const [kernel, initrd] = await Promise.all([
      sharedFile(join(this.folder, 'vmlinuz')),
      sharedFile(join(this.folder, 'initrd.img')),
    ]);
    const { id, name, cmdline } = RECORD;
    return { id, name, kernel, initrd, cmdline, isBuilt: true, hasAgent: true };
  }
}

async function sharedFile(path: string): Promise<SharedArrayBuffer> {
  const bytes = await readFile(path);
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  return shared;
}
