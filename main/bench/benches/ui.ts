/** `ui`: the window's own benchmark, which drives a real Chromium (`e2e/bench-ui`). */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DomusError } from '../../../shared/errors.ts';
import type { Measurement } from '../bench.ts';
import { endingWithUs } from '../own-process.ts';

const PROGRAM = fileURLToPath(new URL('../../../e2e/bench-ui/main.ts', import.meta.url));
const TIMEOUT_MS = 10 * 60_000;

interface UiFigures {
  frame_ms_p95: number;
  longest_task_ms: number;
}

export async function ui(progress: (message: string) => void): Promise<Measurement> {
  if (!existsSync(PROGRAM)) {
    throw new DomusError(
      'bench.no-sources',
      'The ui benchmark needs the source tree and its development packages: run it there.',
    );
  }
  progress('scrolling 200 domains in a real Chromium');
  const [program, args] = endingWithUs(process.execPath, [PROGRAM, '--json']);
  const { stdout } = await promisify(execFile)(program, args, {
    timeout: TIMEOUT_MS,
    maxBuffer: 1 << 24,
  });
  const { frame_ms_p95, longest_task_ms, ...detail } = JSON.parse(stdout) as UiFigures;
  return { figures: { frame_ms_p95, longest_task_ms }, detail, notes: [] };
}
