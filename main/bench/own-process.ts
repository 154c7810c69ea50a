/**
 * Programs that a benchmark starts end with it, however it ends: by an error that nobody caught, by
 * a signal, even by one that cannot be caught. Else they go on, and spoil the next measurement.
 */
import { existsSync } from 'node:fs';

/** util-linux; it becomes the program, so the process id stays the same. */
const SETPRIV = '/usr/bin/setpriv';

/**
 * The words that start `program`: on Linux so that the kernel kills it when the thread that started
 * it is gone. Elsewhere as they are.
 */
export function endingWithUs(program: string, args: readonly string[]): [string, string[]] {
  if (process.platform !== 'linux' || !existsSync(SETPRIV)) return [program, [...args]];
  return [SETPRIV, ['--pdeathsig', 'KILL', '--', program, ...args]];
}
