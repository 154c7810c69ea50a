import { basename, join } from 'node:path';
import { DomusError } from '../../../shared/errors.ts';
import { kernelHeadBytes, readKernelHeader, type KernelProblem } from './bzimage.ts';
import type { RunOptions } from './debian/source.ts';
import { checkInitrd, initrdHeadBytes, type InitrdProblem } from './initrd-check.ts';
import type { Image } from './image-folder.ts';
import { importDisk } from './import-disk.ts';
import { describeFile, type ImageManifest } from './manifest.ts';
import { takeIn } from './take-in.ts';

/** A person's own kernel and initial RAM disk, or disk, or all of them. */
export interface ImportRequest extends RunOptions {
  /** With {@link initrdPath}, or neither: then {@link ImportRequest.boot} starts the disk. */
  readonly kernelPath?: string | undefined;
  readonly initrdPath?: string | undefined;
  readonly diskPath?: string | undefined;
  /** Else by the end of its path: `.qcow2`, or raw. */
  readonly diskFormat?: 'raw' | 'qcow2' | undefined;
  /** Where the kernel of {@link ImportRequest.boot} finds the root; `/dev/xvda1` where left out. */
  readonly root?: string | undefined;
  /** What the kernel is told besides the toolstack's own words. */
  readonly commandLine?: string | undefined;
  /** How the image is called; the kernel's or disk's file name where left out. */
  readonly name?: string | undefined;
  /** Whether Domus's agent runs in it. */
  readonly agent?: boolean | undefined;
}

/** An image whose kernel and initramfs start a disk that has none. */
export type BootImage = () => Promise<Pick<Image, 'manifest' | 'path'>>;

type ImportedKernel = Pick<ImageManifest, 'kernel' | 'files' | 'commandLine'>;

/**
 * Copies kernel, initrd and disk to `output` and checks the copies, so that what was checked is what
 * is kept, whatever happens to the originals.
 *
 * @throws DomusError `image.no-file`, `image.not-a-kernel`, `image.64-bit-kernel`, `image.truncated`,
 *   `image.not-an-initrd`, `image.not-a-disk`, `image.incomplete`, `image.bad-command-line`,
 *   `image.bad-name`
 */
export async function importFiles(
  request: ImportRequest,
  output: string,
  boot: BootImage,
): Promise<ImageManifest> {
  const { kernelPath, initrdPath, diskPath, signal } = request;
  if (request.commandLine !== undefined) checkCommandLine(request.commandLine);
  if ((kernelPath === undefined) !== (initrdPath === undefined)) throw incomplete();
  const called = request.name ?? basename(kernelPath ?? diskPath ?? '');
  const name = imageName(request.name, called);
  const own = kernelPath !== undefined && initrdPath !== undefined;
  if (!own && diskPath === undefined) throw incomplete();
  const kernel = own
    ? await importKernel(kernelPath, initrdPath, output, request)
    : await borrowKernel(await boot(), output, request);
  const disk =
    diskPath === undefined
      ? undefined
      : await importDisk(diskPath, request.diskFormat, output, signal);
  const files = { ...kernel.files, ...(disk && { [disk.about.file]: disk.entry }) };
  return {
    format: 1,
    id: `import-${name}-${shortHash(files)}`,
    title: request.name ?? called,
    origin: { kind: 'import' },
    ...kernel,
    agent: request.agent ?? false,
    ...(disk && { disk: disk.about }),
    files,
  };
}

async function importKernel(
  kernelPath: string,
  initrdPath: string,
  output: string,
  { commandLine = 'console=hvc0', signal }: ImportRequest,
): Promise<ImportedKernel> {
  const kernel = await takeIn(kernelPath, join(output, 'vmlinuz'), kernelHeadBytes);
  const header = readKernelHeader(kernel.head, kernel.sizeBytes);
  if (typeof header === 'string') throw badKernel(kernelPath, header);
  const initrd = await takeIn(initrdPath, join(output, 'initrd.img'), initrdHeadBytes);
  const problem = await checkInitrd(join(output, 'initrd.img'), initrd.head, signal);
  if (problem !== undefined) throw badInitrd(initrdPath, problem);
  return {
    kernel: { release: header.version.split(' ')[0] ?? '', version: header.version },
    commandLine,
    files: await describeKernel(output, signal),
  };
}

/** The other image's kernel, with its initramfs, which goes on with what `root=` names. */
async function borrowKernel(
  { manifest, path }: Pick<Image, 'manifest' | 'path'>,
  output: string,
  { commandLine, root = '/dev/xvda1', signal }: ImportRequest,
): Promise<ImportedKernel> {
  for (const file of ['vmlinuz', 'initrd.img']) {
    await takeIn(path(file) ?? file, join(output, file), 0);
  }
  return {
    kernel: manifest.kernel,
    commandLine: [commandLine ?? manifest.commandLine, `root=${root}`].join(' '),
    files: await describeKernel(output, signal),
  };
}

async function describeKernel(
  output: string,
  signal: AbortSignal | undefined,
): Promise<ImageManifest['files']> {
  return {
    'initrd.img': await describeFile(join(output, 'initrd.img'), signal),
    vmlinuz: await describeFile(join(output, 'vmlinuz'), signal),
  };
}

function shortHash(files: ImageManifest['files']): string {
  const hashes = [
    'vmlinuz',
    'initrd.img',
    ...Object.keys(files).filter((name) => name.startsWith('root.')),
  ];
  return hashes.map((name) => files[name]!.sha256.slice(0, 4)).join('');
}

/** The kernel takes 2047 bytes, of which the toolstack's own words need some. */
function checkCommandLine(commandLine: string): void {
  if (/^[ -~]{0,1500}$/.test(commandLine)) return;
  throw new DomusError(
    'image.bad-command-line',
    "The kernel's command line may have at most 1500 characters, all of them printable ASCII.",
    { data: { length: commandLine.length } },
  );
}

function imageName(name: string | undefined, called: string): string {
  if (name !== undefined && !/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}$/.test(name)) {
    throw new DomusError(
      'image.bad-name',
      'An image name has 1 to 60 letters, digits, blanks, dots, dashes or underscores, and begins with a letter or digit.',
      { data: { name } },
    );
  }
  const plain = called.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return plain.replace(/^-+|-+$/g, '').slice(0, 60) || 'image';
}

function incomplete(): DomusError {
  return new DomusError(
    'image.incomplete',
    'An image needs a kernel and its initrd, or a disk, or all three. Name both files of the kernel, or the disk.',
  );
}

function badKernel(path: string, problem: KernelProblem): DomusError {
  const [code, text] = kernelProblems[problem];
  return new DomusError(code, `${path} ${text}`, { data: { path, problem } });
}

const kernelProblems: Record<KernelProblem, readonly [code: string, text: string]> = {
  'not-a-kernel': [
    'image.not-a-kernel',
    'is not a Linux kernel (a bzImage, usually named vmlinuz).',
  ],
  'protocol-too-old': [
    'image.not-a-kernel',
    'is a Linux kernel from before 2.6.22; a newer one is needed.',
  ],
  'not-loaded-high': ['image.not-a-kernel', 'is a zImage; a bzImage is needed.'],
  '64-bit': [
    'image.64-bit-kernel',
    'is a 64-bit kernel, and guests have a 32-bit processor. Use an i386 (686) kernel.',
  ],
  truncated: [
    'image.truncated',
    'is a Linux kernel that ends too early. Copy or download it again.',
  ],
};

function badInitrd(path: string, problem: InitrdProblem): DomusError {
  const [code, text] = initrdProblems[problem];
  return new DomusError(code, `${path} ${text}`, { data: { path, problem } });
}

const initrdProblems: Record<InitrdProblem, readonly [code: string, text: string]> = {
  'not-an-initrd': [
    'image.not-an-initrd',
    'is not an initial RAM disk that Linux unpacks (a cpio archive, compressed or not).',
  ],
  truncated: [
    'image.truncated',
    'is an initial RAM disk that is damaged or ends too early. Copy or download it again.',
  ],
  'too-large': ['image.not-an-initrd', 'unpacks to more than 1 GiB: no guest could hold it.'],
};
