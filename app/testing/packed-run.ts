/** Runs a packed application on Node, with the stand-in in the place of Electron. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { extractAll } from '@electron/asar';
import type { PackedApp } from './packed-app.ts';
import type { PackedReport } from './packed-program.ts';

/** Building an image and booting it for the first time take minutes on a busy machine. */
export const TIMEOUT_MS = 15 * 60_000;

/**
 * Electron shows an archive as a folder of the same name. Node does not: the archive is extracted
 * into such a folder, so that every path is what it will be.
 *
 * @param guestCommand run in a new domain; with it, image and snapshots come from the shared cache
 */
export async function runPacked(app: PackedApp, guestCommand?: string): Promise<PackedReport> {
  const folder = mkdtempSync(join(tmpdir(), 'domus-packed-'));
  const archive = join(folder, 'resources', basename(app.archive));
  try {
    cpSync(`${app.archive}.unpacked`, `${archive}.unpacked`, { recursive: true });
    extractAll(app.archive, archive);
    const program = spawn(
      process.execPath,
      [
        join(import.meta.dirname, 'packed-program.ts'),
        ...[archive, join(folder, 'home')],
        ...(guestCommand === undefined ? [] : [guestCommand]),
      ],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: TIMEOUT_MS,
        cwd: dirname(archive),
        env:
          guestCommand === undefined
            ? { ...process.env, DOMUS_CACHE: join(folder, 'cache') }
            : process.env,
      },
    );
    const [output, errors] = await Promise.all([
      text(program.stdout),
      text(program.stderr),
      once(program, 'exit'),
    ]);
    const report = output.trim().split('\n').at(-1) ?? '';
    if (!report.startsWith('{')) throw new Error(`the packed program failed:\n${output}${errors}`);
    return JSON.parse(report) as PackedReport;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
