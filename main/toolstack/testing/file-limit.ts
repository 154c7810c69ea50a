/** A file system that is full, without one. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Writes of this process beyond so many bytes of any file fail (EFBIG), until it is `unlimited`. */
export async function limitFiles(bytes: number | 'unlimited'): Promise<void> {
  if (process.listenerCount('SIGXFSZ') === 0) process.on('SIGXFSZ', () => undefined);
  await run('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);
}
