/** The version of Domus, from its `package.json`: above the sources, and above the bundle. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export function domusVersion(from: string = import.meta.dirname): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const version = versionIn(join(folder, 'package.json'));
    if (version !== null) return version;
    if (folder === dirname(folder)) return 'unknown';
  }
}

/** Null where there is no such file, or it is not Domus's. */
function versionIn(path: string): string | null {
  try {
    const found = JSON.parse(readFileSync(path, 'utf8')) as { name?: string; version?: string };
    return found.name === 'domus' ? (found.version ?? null) : null;
  } catch {
    return null;
  }
}
