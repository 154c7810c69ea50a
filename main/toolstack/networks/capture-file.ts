/** The file that a capture is written to: new, and nobody else's. */
import { mkdirSync, openSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { DomusError } from '../../../shared/errors.ts';

export interface CaptureFile {
  path: string;
  /** The caller's to close. What is written goes to its end, whoever writes. */
  fd: number;
}

/** Errors `capture.bad-path`, `capture.file-exists`, `capture.no-folder`, `capture.unusable`. */
export function createCaptureFile(asked: string): CaptureFile {
  if (!isAbsolute(asked) || asked.includes('\0')) {
    throw new DomusError(
      'capture.bad-path',
      `${JSON.stringify(asked)} is no absolute path. Say where the file is to be from the root on, or leave it out.`,
      { data: { path: asked } },
    );
  }
  try {
    const path = join(realpathSync(dirname(asked)), basename(asked));
    return { path, fd: openSync(path, 'ax', 0o600) };
  } catch (error) {
    throw unusable(asked, error);
  }
}

/** `web1-eth0-2026-03-01T12-00-00.000Z.pcap` in `folder`, which is made where there is none. */
export function createOwnCaptureFile(folder: string, domain: string, handle: number): CaptureFile {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unusable(folder, error);
  }
  const time = new Date().toISOString().replaceAll(':', '-');
  return createCaptureFile(join(folder, `${domain}-eth${handle}-${time}.pcap`));
}

function unusable(path: string, cause: unknown): DomusError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const options = { data: { path, errno: code ?? null }, cause };
  switch (code) {
    case 'EEXIST':
      return new DomusError(
        'capture.file-exists',
        `There is a file ${path} already, and nothing is written over it. Choose another path.`,
        options,
      );
    case 'ENOENT':
    case 'ENOTDIR':
      return new DomusError(
        'capture.no-folder',
        `There is no folder ${dirname(path)} for the file. Make it first, or choose another path.`,
        options,
      );
    default:
      return new DomusError(
        'capture.unusable',
        `${path} cannot be written: ${message}. Choose another path.`,
        options,
      );
  }
}
