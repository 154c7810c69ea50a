/**
 * Packs the built program (`dist/`) as `electron-builder.yml` says.
 *
 *     node app/packaging/pack.ts [--dir] [--electron-dist DIR] [--output DIR]
 *
 * `--dir` stops at the unpacked application, without installers. Electron's files are taken from
 * `--electron-dist`, else `ELECTRON_OVERRIDE_DIST_PATH`, else what the package `electron` has
 * fetched; where there is none of these, electron-builder downloads them.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, Platform } from 'electron-builder';
import type { Configuration } from 'electron-builder';

export interface PackOptions {
  projectFolder: string;
  /** Undefined: electron-builder fetches Electron. */
  electronDist?: string | undefined;
  output?: string | undefined;
  /** Only the unpacked application; otherwise the platform's installers. */
  unpackedOnly: boolean;
}

/** @returns the installers' paths; with `unpackedOnly` none: the application is below `output` */
export function pack(options: PackOptions): Promise<string[]> {
  const config: Configuration = {
    extends: 'electron-builder.yml',
    ...(options.electronDist === undefined ? {} : { electronDist: options.electronDist }),
    ...(options.output === undefined ? {} : { directories: { output: options.output } }),
  };
  const targets = options.unpackedOnly
    ? { targets: Platform.current().createTarget('dir') }
    : { targets: Platform.current().createTarget() };
  return build({ projectDir: options.projectFolder, config, publish: 'never', ...targets });
}

/** A folder with Electron's files that is on this machine already. */
export function findElectronDist(projectFolder: string): string | undefined {
  const candidates = [
    process.env['ELECTRON_OVERRIDE_DIST_PATH'],
    join(projectFolder, 'node_modules', 'electron', 'dist'),
  ];
  return candidates.find((folder) => folder !== undefined && existsSync(folder));
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      dir: { type: 'boolean', default: false },
      'electron-dist': { type: 'string' },
      output: { type: 'string' },
    },
  });
  const projectFolder = join(import.meta.dirname, '..', '..');
  await pack({
    projectFolder,
    electronDist: values['electron-dist'] ?? findElectronDist(projectFolder),
    output: values.output,
    unpackedOnly: values.dir,
  });
}
