import { spawn } from 'node:child_process';

export interface CommandResult {
  /** Null when the program does not exist. */
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs one of apt's programs to its end, in English, without any input. */
export function runApt(
  program: string,
  args: readonly string[],
  options: { cwd?: string | undefined; signal?: AbortSignal | undefined } = {},
): Promise<CommandResult> {
  const { APT_CONFIG: _unused, ...environment } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      signal: options.signal,
      env: { ...environment, LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    const finish = (status: number | null): void => {
      resolve({ status, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() });
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') finish(null);
      else reject(options.signal?.aborted ? (options.signal.reason as Error) : error);
    });
    child.on('close', (status) => finish(status ?? 1));
  });
}

/** Whether this machine has apt's client. */
export async function hasApt(): Promise<boolean> {
  return (await runApt('apt-get', ['--version'])).status === 0;
}
