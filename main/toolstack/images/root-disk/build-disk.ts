/** The Debian image: the kernel and initramfs of the small one, and a root disk that they go on with. */
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Key } from 'openpgp';
import type { ImageAssets } from '../assets.ts';
import { buildImage, type BuildInput, type BuildResult } from '../build.ts';
import { parseStanza } from '../debian/control.ts';
import { binaryKeyring } from '../debian/keyring.ts';
import { removeTree } from '../durable.ts';
import { describeFile, type ImageManifest } from '../manifest.ts';
import type { ImageProgress } from '../progress.ts';
import { DISK_FILE } from '../recipe.ts';
import { makeFileSystem } from './file-system.ts';
import { overlayArchive } from './overlay.ts';
import { bootstrapArguments, DISK_BYTES, DISK_WORDS, diskRecipeVersion } from './recipe.ts';
import { diskRecipeSha256 } from './recipe-hash.ts';
import { runTool } from './run-tool.ts';
import { rawToQcow2 } from './to-qcow2.ts';
import { bootstrapMode } from './tools.ts';

export interface DiskBuildInput extends BuildInput {
  readonly assets: ImageAssets;
  readonly keys: readonly Key[];
}

/** Where the phases lie in the whole time, measured with a fast connection. */
const shares = { kernel: 0, bootstrap: 0.15, fileSystem: 0.8, disk: 0.92 } as const;
const mergedUsrHook = '/usr/share/mmdebstrap/hooks/merged-usr';

/**
 * Makes the files of an image with a disk in `output`.
 *
 * @throws DomusError `image.missing-tools`, `image.unsupported-machine`, `image.tool-failed`, and as
 *   `buildImage` does
 */
export async function buildDiskImage(input: DiskBuildInput): Promise<BuildResult> {
  const { signal } = input;
  const mode = await bootstrapMode();
  const base = await buildImage({
    ...input,
    onProgress: (told) => tell(input, told.phase, told.fraction * shares.bootstrap, told.message),
  });
  // Not in the cache: mmdebstrap's users of a namespace could not enter a private folder.
  const work = await mkdtemp(join(tmpdir(), 'domus-disk-'));
  try {
    await chmod(work, 0o755);
    const status = await bootstrap(input, base, mode, work);
    tell(input, 'assemble', shares.fileSystem, 'Making the file system');
    const packages = installedPackages(status);
    const recipe = await diskRecipeSha256(input.assets, input.compression);
    const id = identityOf(base.manifest, recipe, packages);
    const raw = join(input.scratch, 'root.ext4');
    await makeFileSystem({
      archive: join(work, 'root.tar'),
      tree: join(input.scratch, 'root'),
      image: raw,
      bytes: DISK_BYTES,
      uuid: uuidFrom(id),
      signal,
    });
    const path = join(input.output, DISK_FILE);
    await rawToQcow2(raw, path, {
      signal,
      onFraction: (done) =>
        tell(input, 'assemble', shares.disk + done * (1 - shares.disk), 'Writing the disk'),
    });
    const disk = await describeFile(path, signal);
    return { ...base, manifest: manifestOf(base.manifest, id, recipe, packages, disk) };
  } finally {
    await removeTree(work);
  }
}

function tell(
  input: DiskBuildInput,
  phase: ImageProgress['phase'],
  fraction: number,
  message: string,
): void {
  input.onProgress?.({ phase, fraction, message });
}

/** What mmdebstrap says of its progress, and how much of its work is done then. */
const steps: readonly (readonly [said: RegExp, done: number, message: string])[] = [
  [/running apt-get update/, 0, "Reading Debian's package lists"],
  [/downloading packages/, 0.08, 'Downloading Debian'],
  [/extracting archives/, 0.2, 'Unpacking Debian'],
  [/installing essential/, 0.3, "Installing Debian's essential packages"],
  [/installing remaining/, 0.5, 'Installing the other packages'],
  [/running special hook: tar-in/, 0.85, 'Adding the kernel modules and the agent'],
  [/creating tarball/, 0.95, 'Collecting the files'],
];

/** Answers with dpkg's list of what is installed. */
async function bootstrap(
  input: DiskBuildInput,
  { kernelFiles, manifest, suites }: BuildResult,
  mode: 'root' | 'unshare',
  work: string,
): Promise<string> {
  const { assets, signal } = input;
  const overlay = join(work, 'overlay.tar');
  const keyring = join(work, 'archive.gpg');
  const status = join(work, 'status');
  await writeFile(keyring, binaryKeyring(input.keys));
  await writeFile(overlay, await overlayArchive(assets.rootfs, assets.debianRoot, kernelFiles));
  const args = bootstrapArguments({
    mode,
    mirrorRoots: input.source.mirror,
    suites,
    keyring,
    overlay,
    release: manifest.kernel.release,
    status,
    mergedUsrHook: existsSync(mergedUsrHook) ? mergedUsrHook : undefined,
  });
  const share = shares.fileSystem - shares.bootstrap;
  await runTool('mmdebstrap', args, {
    signal,
    environment: { TMPDIR: work },
    output: createWriteStream(join(work, 'root.tar')),
    onLine: (line) => {
      const step = steps.find(([said]) => said.test(line));
      if (step) tell(input, 'unpack', shares.bootstrap + step[1] * share, step[2]);
    },
  });
  return readFile(status, 'utf8');
}

type DiskPackage = Readonly<Record<'name' | 'version' | 'architecture', string>>;

/** From the text of `/var/lib/dpkg/status`, by name. */
export function installedPackages(status: string): DiskPackage[] {
  return status
    .split('\n\n')
    .map(parseStanza)
    .filter((stanza) => stanza.get('Status') === 'install ok installed')
    .map((stanza) => ({
      name: stanza.get('Package') ?? '',
      version: stanza.get('Version') ?? '',
      architecture: stanza.get('Architecture') ?? '',
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function identityOf(
  { kernel, origin }: ImageManifest,
  recipe: string,
  packages: readonly DiskPackage[],
): string {
  const hash = createHash('sha256').update(JSON.stringify([recipe, origin, packages]));
  return `debian-disk-${kernel.version.replaceAll(':', '.')}-${hash.digest('hex').slice(0, 8)}`;
}

/** A file system's, the same for the same image. */
function uuidFrom(id: string): string {
  const hex = createHash('sha256').update(id).digest('hex');
  const variant = ((parseInt(hex[16]!, 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

function manifestOf(
  base: ImageManifest,
  id: string,
  recipeSha256: string,
  packages: readonly DiskPackage[],
  disk: ImageManifest['files'][string],
): ImageManifest {
  if (base.origin.kind !== 'debian') throw new Error('the kernel is not from Debian');
  return {
    ...base,
    id,
    title: 'debian',
    origin: {
      kind: 'debian-disk',
      recipe: diskRecipeVersion,
      recipeSha256,
      packages: base.origin.packages,
      installed: [...packages],
    },
    commandLine: `${base.commandLine} ${DISK_WORDS}`,
    disk: { file: DISK_FILE, format: 'qcow2', bytes: DISK_BYTES },
    files: { ...base.files, [DISK_FILE]: disk },
  };
}
