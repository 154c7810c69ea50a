import { constants, copyFile, open } from 'node:fs/promises';
import { DomusError } from '../../../shared/errors.ts';

/** A named pipe would keep a thread, and with it the image store, until somebody writes to it. */
const READ_WITHOUT_WAITING = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Copies a person's file, on stable storage, and answers with the beginning of the copy.
 *
 * @throws DomusError `image.no-file`
 */
export async function takeIn(
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

function noFile(path: string, why: string, cause?: unknown): DomusError {
  return new DomusError('image.no-file', `${path} cannot be imported: ${why}.`, {
    data: { path },
    cause,
  });
}
