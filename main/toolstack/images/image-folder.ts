import { mkdir, readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from './durable.ts';
import {
  buildRecord,
  describeFile,
  imageManifest,
  type BuildRecord,
  type ImageManifest,
} from './manifest.ts';

export const manifestName = 'manifest.json';
export const builtName = 'built.json';

/** An image on disk. */
export interface Image {
  readonly manifest: ImageManifest;
  readonly built: BuildRecord;
  readonly directory: string;
  /** The file's path, or undefined when the image has no such file. */
  path(file: string): string | undefined;
}

/** An image as far as its manifest and the sizes of its files tell, or what is wrong with it. */
export type ImageFinding =
  | { readonly id: string; readonly image: Image }
  | { readonly id: string; readonly problem: string };

/** Looks at an image's folder; reads no file but the manifest. */
export async function findImage(store: string, id: string): Promise<ImageFinding> {
  const directory = join(store, id);
  try {
    const manifest = imageManifest.parse(
      JSON.parse(await readFile(join(directory, manifestName), 'utf8')),
    );
    const built = buildRecord.parse(JSON.parse(await readFile(join(directory, builtName), 'utf8')));
    if (manifest.id !== id) return { id, problem: `its manifest is that of ${manifest.id}` };
    for (const [name, { sizeBytes }] of Object.entries(manifest.files)) {
      const { size } = await stat(join(directory, name));
      if (size !== sizeBytes)
        return { id, problem: `${name} has ${size} bytes instead of ${sizeBytes}` };
    }
    const path = (file: string): string | undefined =>
      file in manifest.files ? join(directory, file) : undefined;
    return { id, image: { manifest, built, directory, path } };
  } catch (error) {
    return { id, problem: explain(error) };
  }
}

function explain(error: unknown): string {
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `${path ?? 'a file'} is missing`;
  if (error instanceof Error && error.name === 'ZodError') return 'its manifest is not valid';
  return error instanceof Error ? error.message : String(error);
}

/** Reads all of an image's files and says what is not as its manifest says. */
export async function verifyImage(image: Image, signal?: AbortSignal): Promise<string | undefined> {
  for (const [name, expected] of Object.entries(image.manifest.files)) {
    const found = await describeFile(join(image.directory, name), signal);
    if (found.sha256 !== expected.sha256) return `${name} has changed since it was made`;
  }
  return undefined;
}

const asideFolder = '.set-aside';

/**
 * Moves a damaged image out of the way, where a person can look at it, and returns its new place. Of
 * each image only the last one is kept.
 */
export async function setAside(store: string, id: string): Promise<string> {
  const folder = join(store, asideFolder);
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    if (name.startsWith(`${id}@`)) await removeTree(join(folder, name));
  }
  const place = join(folder, `${id}@${new Date().toISOString().replaceAll(':', '-')}`);
  await rename(join(store, id), place);
  return place;
}
