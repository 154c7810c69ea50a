import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { DomusError } from '../../../../shared/errors.ts';
import { SYSTEM_PATH } from './run-tool.ts';

/** Debian's package of each program that the disk is made with. */
const needed: Readonly<Record<string, string>> = {
  mmdebstrap: 'mmdebstrap',
  mke2fs: 'e2fsprogs',
  debugfs: 'e2fsprogs',
  e2fsck: 'e2fsprogs',
  tar: 'tar',
};
/** Lets a person who is not root have a range of users in a namespace of his own. */
const neededWithoutRoot = { newuidmap: 'uidmap' };

/**
 * How mmdebstrap works here.
 *
 * @throws DomusError `image.unsupported-machine`, `image.missing-tools` (with what to install)
 */
export async function bootstrapMode(path = searchPath()): Promise<'root' | 'unshare'> {
  if (process.platform !== 'linux' || !['x64', 'ia32'].includes(process.arch)) {
    throw new DomusError(
      'image.unsupported-machine',
      `The Debian disk is made by programs of Debian for i386, which run on Linux on a PC, not here (${process.platform}, ${process.arch}). Make it on such a machine, and take its root.qcow2 in with "domus image import --disk".`,
      { data: { platform: process.platform, architecture: process.arch } },
    );
  }
  const isRoot = process.getuid?.() === 0;
  const wanted = isRoot ? needed : { ...needed, ...neededWithoutRoot };
  const missing: string[] = [];
  for (const program of Object.keys(wanted)) {
    if (!(await isThere(program, path))) missing.push(program);
  }
  if (missing.length > 0) throw missingTools(missing, wanted);
  return isRoot ? 'root' : 'unshare';
}

function missingTools(programs: string[], packages: Readonly<Record<string, string>>): DomusError {
  const install = [...new Set(programs.map((program) => packages[program] ?? program))];
  return new DomusError(
    'image.missing-tools',
    `To make the Debian disk this machine lacks ${programs.join(', ')}. Install what is missing (on Debian and Ubuntu: sudo apt install ${install.join(' ')}), then try again.`,
    { data: { programs, packages: install } },
  );
}

async function isThere(program: string, folders: readonly string[]): Promise<boolean> {
  for (const folder of folders) {
    try {
      await access(join(folder, program), constants.X_OK);
      return true;
    } catch {
      // Then in the next one.
    }
  }
  return false;
}

function searchPath(): string[] {
  return [...(process.env['PATH'] ?? '').split(':').filter(Boolean), ...SYSTEM_PATH];
}
