import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from '../../toolstack/testing/temporary-folder.ts';
import { Daemon } from './daemon.ts';

/** For a program to start, of which a busy machine runs many. */
const PATIENCE_MS = 120_000;
const program = fileURLToPath(new URL('../testing/failing-bench.ts', import.meta.url));
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Of all processes. */
function commandLines(): string[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      return /^\d+$/.test(name) ? [readFileSync(`/proc/${name}/cmdline`, 'utf8')] : [];
    } catch {
      return []; // it ended meanwhile
    }
  });
}

describe("a benchmark's daemon", () => {
  test.each(['throw', 'SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    'is gone when the benchmark ended by %s',
    { timeout: PATIENCE_MS },
    async (end) => {
      const bench = spawn(process.execPath, [program, end], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const exited = once(bench, 'exit');
      const [line] = (await once(createInterface({ input: bench.stdout }), 'line')) as [string];
      const pid = Number(line);
      expect(end === 'throw' || isAlive(pid)).toBe(true);
      if (end !== 'throw') bench.kill(end);
      await exited;
      await vi.waitUntil(() => !isAlive(pid), { timeout: PATIENCE_MS / 2 });
    },
  );

  test(
    'is gone, and its home, when it could not be prepared',
    { timeout: PATIENCE_MS },
    async () => {
      const folder = temporaryFolder();
      vi.stubEnv('TMPDIR', folder);
      onTestFinished(() => void vi.unstubAllEnvs());
      const tooSmall = 1;
      await expect(Daemon.start(tooSmall)).rejects.toMatchObject({ code: 'input.invalid' });
      expect(readdirSync(folder).filter((name) => name.startsWith('domus-bench-'))).toEqual([]);
      expect(commandLines().filter((words) => words.includes(folder))).toEqual([]);
    },
  );

  test('that ended by itself is no reason to wait', { timeout: PATIENCE_MS }, async () => {
    const daemon = await Daemon.start(128);
    process.kill(daemon.pid, 'SIGKILL');
    await vi.waitUntil(() => !isAlive(daemon.pid), { timeout: PATIENCE_MS / 2 });
    await daemon[Symbol.asyncDispose]();
    expect(existsSync(daemon.home.folder)).toBe(false);
  });
});
