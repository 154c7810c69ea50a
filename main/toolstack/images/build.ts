import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DomusError } from '../../../shared/errors.ts';
import { readDeb } from './debian/deb.ts';
import type { PackageRecord } from './debian/package.ts';
import type { PackageSource, RunOptions } from './debian/source.ts';
import { writeDurably } from './durable.ts';
import { assembleInitramfs, type InitrdCompression } from './initramfs/assemble.ts';
import { describeBytes, describeFile, type ImageManifest } from './manifest.ts';
import {
  choosePackages,
  firmwareFiles,
  isRecipePackage,
  recipeVersion,
  type ImageFile,
  type PackageChoice,
} from './recipe.ts';
import { recipeSha256 } from './recipe-hash.ts';

export interface BuildInput extends RunOptions {
  readonly source: PackageSource;
  /** An empty folder for the image's files. */
  readonly output: string;
  /** A folder for what is thrown away; made here. */
  readonly scratch: string;
  readonly rootfs: string;
  readonly compression: InitrdCompression;
  readonly kernelVersion?: string | undefined;
}

export interface BuildResult {
  readonly manifest: ImageManifest;
  readonly warnings: readonly string[];
  /** Names of the suites that could be read. */
  readonly suites: readonly string[];
  /** The kernel package's modules and what tells of them, by path. */
  readonly kernelFiles: ReadonlyMap<string, Buffer>;
}

/** Where the phases of a build lie in its whole time, measured with a fast connection. */
const shares = { index: 0, download: 0.25, unpack: 0.6, assemble: 0.95 } as const;

/** Makes a Debian image's files in `output`: packages to kernel, initramfs, firmware and manifest. */
export async function buildImage(input: BuildInput): Promise<BuildResult> {
  const { source, signal, onProgress } = input;
  onProgress?.({
    phase: 'index',
    fraction: shares.index,
    message: "Reading Debian's package lists",
  });
  const { records, suites, warnings } = await source.list(isRecipePackage, input);
  const choice = choosePackages(records, input.kernelVersion);
  const debs = await downloadAll(Object.values(choice) as PackageRecord[], input);

  onProgress?.({
    phase: 'unpack',
    fraction: shares.unpack,
    message: `Unpacking ${choice.kernel.name}`,
  });
  const { release, files, kernelFiles } = await readPackages(choice, debs, input);
  onProgress?.({
    phase: 'assemble',
    fraction: shares.assemble,
    message: "Putting the guest's files together",
  });
  signal?.throwIfAborted();
  for (const [name, bytes] of files) await writeDurably(join(input.output, name), bytes);

  const recipe = await recipeSha256(input.rootfs, input.compression);
  return { manifest: manifestOf(choice, release, files, recipe), warnings, suites, kernelFiles };
}

/** Each package's file, checked against the index's size and hash whatever the source checked. */
async function downloadAll(
  records: readonly PackageRecord[],
  input: BuildInput,
): Promise<Map<PackageRecord, string>> {
  await mkdir(input.scratch, { recursive: true });
  const total = records.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const paths = new Map<PackageRecord, string>();
  let done = 0;
  for (const record of records) {
    const tell = (received: number): void =>
      input.onProgress?.({
        phase: 'download',
        fraction: shares.download + ((done + received) / total) * (shares.unpack - shares.download),
        message: `Downloading ${record.name} ${record.version}`,
      });
    tell(0);
    const path = await input.source.download(record, input.scratch, { ...input, onBytes: tell });
    const { sizeBytes, sha256 } = await describeFile(path, input.signal);
    if (sizeBytes !== record.sizeBytes || sha256 !== record.sha256) throw damaged(record);
    paths.set(record, path);
    done += record.sizeBytes;
  }
  return paths;
}

function damaged(record: PackageRecord): DomusError {
  return new DomusError(
    'image.hash-mismatch',
    `The package ${record.name} ${record.version} does not have the hash that the suite ${record.suite} names. Try again later, or use another Debian mirror.`,
    { data: { package: record.name } },
  );
}

async function readPackages(
  choice: PackageChoice,
  debs: ReadonlyMap<PackageRecord, string>,
  input: BuildInput,
): Promise<{
  release: string;
  files: Map<ImageFile, Buffer>;
  kernelFiles: ReadonlyMap<string, Buffer>;
}> {
  const read = (record: PackageRecord, wanted: RegExp): Promise<Map<string, Buffer>> =>
    readDeb(debs.get(record) ?? '', (path) => wanted.test(path), { signal: input.signal });
  const release = choice.kernel.name.replace('linux-image-', '');
  const kernel = await read(choice.kernel, /^boot\/(vmlinuz|config)-|\/modules\.builtin$|\.ko$/);
  const firmware = await read(choice.firmware, /^usr\/share\/seabios\/[^/]+\.bin$/);
  const busybox = await read(choice.busybox, /^(usr\/)?bin\/busybox$/);
  const initrd = await assembleInitramfs({
    release,
    busybox: only(busybox, /busybox$/, choice.busybox),
    kernelFiles: kernel,
    rootfs: input.rootfs,
    compression: input.compression,
  });
  const firmwareFile = (name: keyof typeof firmwareFiles): Buffer =>
    only(firmware, new RegExp(`^${firmwareFiles[name]}$`), choice.firmware);
  return {
    release,
    kernelFiles: kernel,
    files: new Map<ImageFile, Buffer>([
      ['config', only(kernel, /^boot\/config-/, choice.kernel)],
      ['initrd.img', initrd],
      ['seabios.bin', firmwareFile('seabios.bin')],
      ['vgabios.bin', firmwareFile('vgabios.bin')],
      ['vmlinuz', only(kernel, /^boot\/vmlinuz-/, choice.kernel)],
    ]),
  };
}

function only(files: ReadonlyMap<string, Buffer>, path: RegExp, from: PackageRecord): Buffer {
  for (const [name, bytes] of files) if (path.test(name)) return bytes;
  throw new DomusError(
    'image.bad-package',
    `The package ${from.name} ${from.version} lacks a file that the guest image needs (${path.source}). Choose another kernel version, or report this.`,
    { data: { package: from.name, version: from.version } },
  );
}

function manifestOf(
  choice: PackageChoice,
  release: string,
  files: ReadonlyMap<ImageFile, Buffer>,
  recipe: string,
): ImageManifest {
  const packages = [choice.kernel, choice.busybox, choice.firmware].map(
    ({ name, version, architecture, suite, sha256 }) => ({
      name,
      version,
      architecture,
      suite,
      sha256,
    }),
  );
  const inputs = [recipe, ...packages.map(({ sha256 }) => sha256)].join('\n');
  const short = createHash('sha256').update(inputs).digest('hex').slice(0, 8);
  return {
    format: 1,
    id: `debian-${choice.kernel.version.replaceAll(':', '.')}-${short}`,
    title: `Debian 12, Linux ${choice.kernel.version}`,
    origin: { kind: 'debian', recipe: recipeVersion, recipeSha256: recipe, packages },
    kernel: { release, version: choice.kernel.version },
    // docs/adr/0006-guest-command-line.md
    commandLine: 'console=hvc0 cryptomgr.notests noisapnp mitigations=off',
    agent: true,
    files: Object.fromEntries([...files].map(([name, bytes]) => [name, describeBytes(bytes)])),
  };
}
