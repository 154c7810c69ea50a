import { constants, copyFile, open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DomusError } from '../../../shared/errors.ts';
import { kernelHeadBytes, readKernelHeader, type KernelProblem } from './bzimage.ts';
import type { RunOptions } from './debian/source.ts';
import { checkInitrd, initrdHeadBytes, type InitrdProblem } from './initrd-check.ts';
import { describeFile, type ImageManifest } from './manifest.ts';

/** A person's own kernel and initial RAM disk. */
export interface ImportRequest extends RunOptions {
  readonly kernelPath: string;
  readonly initrdPath: string;
  /** What the kernel is told besides the toolstack's own words. */
  readonly commandLine?: string | undefined;
  /** How the image is called; the kernel file's name where left out. */
  readonly name?: string | undefined;
  /** Whether Domus's agent runs in it. */
  readonly agent?: boolean | undefined;
}

/**
 * Copies kernel and initrd to `output` and checks the copies, so that what was checked is what is
 * kept, whatever happens to the originals.
 *
 * @throws DomusError `image.no-file`, `image.not-a-kernel`, `image.64-bit-kernel`, `image.truncated`,
 *   `image.not-an-initrd`, `image.bad-command-line`, `image.bad-name`.
 */
export async function importFiles(request: ImportRequest, output: string): Promise<ImageManifest> {
  const { kernelPath, initrdPath, signal, commandLine = 'console=hvc0' } = request;
  checkCommandLine(commandLine);
  const name = imageName(request.name, kernelPath);
  const kernel = await takeIn(kernelPath, join(output, 'vmlinuz'), kernelHeadBytes);
  const header = readKernelHeader(kernel.head, kernel.sizeBytes);
  if (typeof header === 'string') throw badKernel(kernelPath, header);
  const initrd = await takeIn(initrdPath, join(output, 'initrd.img'), initrdHeadBytes);
  const problem = await checkInitrd(join(output, 'initrd.img'), initrd.head, signal);
  if (problem !== undefined) throw badInitrd(initrdPath, problem);
  const files = {
    'initrd.img': await describeFile(join(output, 'initrd.img'), signal),
    vmlinuz: await describeFile(join(output, 'vmlinuz'), signal),
  };
  return {
    format: 1,
    id: `import-${name}-${files.vmlinuz.sha256.slice(0, 4)}${files['initrd.img'].sha256.slice(0, 4)}`,
    title: request.name ?? basename(kernelPath),
    origin: { kind: 'import' },
    kernel: { release: header.version.split(' ')[0] ?? '', version: header.version },
    commandLine,
    agent: request.agent ?? false,
    files,
  };
}

/** A named pipe would keep a thread, and with it the image store, until somebody writes to it. */
const READ_WITHOUT_WAITING = constants.O_RDONLY | constants.O_NONBLOCK;

async function takeIn(
  from: string,
  to: string,
  headBytes: number,
): Promise<{ head: Buffer; sizeBytes: number }> {
  try {
    const original = await open(from, READ_WITHOUT_WAITING);
    try {
      if (!(await original.stat()).isFile()) throw noFile(from, 'it is not a file');
    } finally {
      await original.close();
    }
    await copyFile(from, to);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw noFile(from, 'there is no such file', error);
    if (code === 'EISDIR') throw noFile(from, 'it is a folder', error);
    if (code === 'EACCES') throw noFile(from, 'you may not read it', error);
    throw error;
  }
  const copy = await open(to, 'r+');
  try {
    await copy.sync();
    const { size } = await copy.stat();
    const { buffer, bytesRead } = await copy.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return { head: buffer.subarray(0, bytesRead), sizeBytes: size };
  } finally {
    await copy.close();
  }
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

function imageName(name: string | undefined, kernelPath: string): string {
  if (name !== undefined && !/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}$/.test(name)) {
    throw new DomusError(
      'image.bad-name',
      'An image name has 1 to 60 letters, digits, blanks, dots, dashes or underscores, and begins with a letter or digit.',
      { data: { name } },
    );
  }
  const plain = (name ?? basename(kernelPath)).toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return plain.replace(/^-+|-+$/g, '').slice(0, 60) || 'kernel';
}

function noFile(path: string, why: string, cause?: unknown): DomusError {
  return new DomusError('image.no-file', `${path} cannot be imported: ${why}.`, {
    data: { path },
    cause,
  });
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
