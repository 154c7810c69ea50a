/** `POOL/VOLUME` on the command line. */
import { usageError } from './usage-error.ts';

/** What names may be, the daemon knows. Error `usage`. */
export function volumeWord(command: string, word: string): { pool: string; volume: string } {
  const [pool, volume, ...more] = word.split('/');
  if (pool && volume && more.length === 0) return { pool, volume };
  throw usageError(`${JSON.stringify(word)} is no volume: name it as POOL/VOLUME.`, command);
}
