import { spawn } from 'node:child_process';
import type { WriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { DomusError } from '../../../../shared/errors.ts';

export interface ToolRun {
  readonly signal?: AbortSignal | undefined;
  readonly environment?: Record<string, string>;
  /** Its input, whole. */
  readonly input?: string;
  /** Where its output goes; else it is dropped. */
  readonly output?: WriteStream;
  /** Each line of its standard error. */
  readonly onLine?: (line: string) => void;
}

/** Where an ordinary person's PATH does not lead, and e2fsprogs lies. */
export const SYSTEM_PATH = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
const LAST_LINES = 12;
/** mmdebstrap takes its mounts and its folder away when it is asked to end. */
const KILL_AFTER_MS = 30_000;

/**
 * Runs a program to its end, in English. A cancelled one is asked to end, and waited for.
 *
 * @throws DomusError `image.tool-failed`, with what the program said last
 */
export async function runTool(
  program: string,
  args: readonly string[],
  run: ToolRun = {},
): Promise<void> {
  run.signal?.throwIfAborted();
  const { APT_CONFIG: _unused, ...inherited } = process.env;
  const path = [inherited['PATH'] ?? '', ...SYSTEM_PATH].join(':');
  const child = spawn(program, args, {
    env: { ...inherited, PATH: path, LC_ALL: 'C.UTF-8', ...run.environment },
    stdio: 'pipe',
  });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  let killing: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill('SIGTERM');
    killing = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  };
  run.signal?.addEventListener('abort', stop, { once: true });
  const last = lastLines(child.stderr, run.onLine);
  // One that ends before it has read its input says why on its standard error.
  child.stdin.on('error', () => undefined).end(run.input ?? '');
  try {
    const piped = run.output ? pipeline(child.stdout, run.output) : child.stdout.resume();
    const [status] = await Promise.all([closed, piped]);
    run.signal?.throwIfAborted();
    if (status !== 0) throw toolFailed(program, status, last);
  } finally {
    clearTimeout(killing);
    run.signal?.removeEventListener('abort', stop);
  }
}

function lastLines(stream: NodeJS.ReadableStream, onLine?: (line: string) => void): string[] {
  const last: string[] = [];
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = `${rest}${text}`.split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines.filter((one) => one.trim() !== '')) {
      last.push(line);
      if (last.length > LAST_LINES) last.shift();
      onLine?.(line);
    }
  });
  stream.on('end', () => rest.trim() !== '' && last.push(rest));
  return last;
}

function toolFailed(program: string, status: number | null, last: readonly string[]): DomusError {
  const complaints = last.filter((line) => /^(E|dpkg|Err|error)\b|[Ee]rror/.test(line));
  const said = (complaints.length > 0 ? complaints : last).map((line) => line.trim()).join(' ');
  return new DomusError(
    'image.tool-failed',
    `${program} could not do its part of the Debian disk (exit status ${status ?? 'none'}). It said: ${said || 'nothing'}`,
    { data: { program, status } },
  );
}
