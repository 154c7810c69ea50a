import { mkdir, readFile, rm } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { join } from 'node:path';
import type { Key } from 'openpgp';
import { DomusError } from '../../../../shared/errors.ts';
import { downloadFile, downloadText, type DownloadOptions } from './download.ts';
import { readPackageRecords, type PackageRecord } from './package.ts';
import { readRelease, type IndexFile, type Release } from './release.ts';
import { architecture, component, rootOf, type Mirror, type Suite } from './suite.ts';
import type { PackageListing, PackageSource, RunOptions } from './source.ts';
import { unxz } from './xz.ts';

export interface MirrorSourceOptions {
  readonly mirror: Mirror;
  readonly suites: readonly Suite[];
  readonly keys: readonly Key[];
  /** A folder of its own, made and removed here. */
  readonly workDirectory: string;
  readonly now?: () => Date;
}

const maxReleaseBytes = 4 << 20;
const maxPackagesBytes = 512 << 20;

/** Packages fetched over HTTP: signature, index hash and package hash are checked on the way down. */
export class MirrorSource implements PackageSource {
  readonly name = 'http';
  readonly #options: MirrorSourceOptions;

  constructor(options: MirrorSourceOptions) {
    this.#options = options;
  }

  get mirror(): Mirror {
    return this.#options.mirror;
  }

  async list(wanted: (name: string) => boolean, options: RunOptions): Promise<PackageListing> {
    await mkdir(this.#options.workDirectory, { recursive: true });
    const records: PackageRecord[] = [];
    const suites: string[] = [];
    const warnings: string[] = [];
    for (const suite of this.#options.suites) {
      try {
        const text = await this.#packagesOf(suite, options.signal);
        records.push(...readPackageRecords(text, suite.name, wanted));
        suites.push(suite.name);
      } catch (error) {
        if (suite.required || !(error instanceof DomusError)) throw error;
        warnings.push(`The suite ${suite.name} was left out. ${error.message}`);
      }
    }
    return { records, suites, warnings };
  }

  async download(
    record: PackageRecord,
    directory: string,
    options: DownloadOptions,
  ): Promise<string> {
    const suite = this.#options.suites.find(({ name }) => name === record.suite);
    if (suite === undefined) throw new Error(`no suite ${record.suite}`);
    const path = join(directory, `${record.name}_${record.architecture}.deb`);
    await downloadFile(`${this.#root(suite)}/${record.filename}`, path, record, options);
    return path;
  }

  async dispose(): Promise<void> {
    await rm(this.#options.workDirectory, { recursive: true, force: true });
  }

  #root(suite: Suite): string {
    return rootOf(this.#options.mirror, suite);
  }

  async #packagesOf(suite: Suite, signal: AbortSignal | undefined): Promise<string> {
    const folder = `${this.#root(suite)}/dists/${suite.name}`;
    const inRelease = await downloadText(`${folder}/InRelease`, maxReleaseBytes, { signal });
    const now = this.#options.now?.() ?? new Date();
    const release = await readRelease(inRelease, suite.name, this.#options.keys, now);
    const index = packagesIndex(release, suite);
    const path = join(this.#options.workDirectory, `${suite.name}-Packages`);
    await fetchIndex(folder, release, index, path, signal);
    const text = await decompress(path, index.path, signal);
    await rm(path, { force: true });
    return text;
  }
}

function packagesIndex(release: Release, suite: Suite): IndexFile {
  const folder = `${component}/binary-${architecture}`;
  for (const suffix of ['.xz', '.gz', '']) {
    const file = release.files.get(`${folder}/Packages${suffix}`);
    // A suite lists forms that it does not carry, always the plain one: those with content come first.
    if (file !== undefined && file.sizeBytes <= maxPackagesBytes) return file;
  }
  throw new DomusError(
    'image.bad-index',
    `The release file of ${suite.name} names no package index for ${architecture}. Use another Debian mirror.`,
    { data: { suite: suite.name } },
  );
}

/** By its hash where the archive offers that: such a file does not change while the mirror is updated. */
async function fetchIndex(
  folder: string,
  release: Release,
  index: IndexFile,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (release.byHash) {
    const parent = index.path.slice(0, index.path.lastIndexOf('/'));
    try {
      return await downloadFile(`${folder}/${parent}/by-hash/SHA256/${index.sha256}`, path, index, {
        signal,
      });
    } catch (error) {
      if (!(error instanceof DomusError && error.code === 'image.not-found')) throw error;
    }
  }
  await downloadFile(`${folder}/${index.path}`, path, index, { signal });
}

async function decompress(
  path: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  if (!name.endsWith('.xz')) {
    const bytes = await readFile(path, { signal });
    return (
      name.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: maxPackagesBytes }) : bytes
    ).toString();
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of unxz(createReadStream(path, { signal })) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxPackagesBytes)
      throw new Error(`${name} is larger than ${maxPackagesBytes} bytes`);
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString();
}
