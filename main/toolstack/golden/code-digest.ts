/**
 * A digest of program files, so that what they made can be told from what other ones made. Version
 * numbers forget to change; files do not.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CODE = /\.(ts|js|mjs)$/;
const TEST = /\.test\.ts$/;

/** Over names and bytes of all code below `folders`; folders that do not exist add nothing. */
export function codeDigest(folders: readonly URL[]): string {
  const hash = createHash('sha256');
  for (const folder of folders) {
    const root = fileURLToPath(folder);
    for (const name of codeFiles(root)) {
      hash.update(`${name}\0`).update(readFileSync(join(root, name)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

function codeFiles(root: string): string[] {
  try {
    return readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => CODE.test(name) && !TEST.test(name))
      .sort();
  } catch {
    return [];
  }
}
