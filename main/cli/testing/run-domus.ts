/** The command as a person runs it: a process of its own. */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** As built, where the run of all tests has built it; else from the sources, which starts later. */
const program =
  process.env['DOMUS_PROGRAM'] ?? fileURLToPath(new URL('../domus.ts', import.meta.url));

export interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  home: string;
  /** On its standard input, which ends after it. */
  input?: string | Uint8Array;
}

/** As a shell takes it. */
export function domusInShell(args: readonly string[], home: string): string {
  const words = [process.execPath, program, '--home', home, ...args];
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
}

export function startDomus(args: readonly string[], home: string): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [program, ...args], { env: { ...process.env, DOMUS_HOME: home } });
}

export async function runDomus(args: readonly string[], options: RunOptions): Promise<Ran> {
  const { stdout, ...ran } = await runForBytes(args, options);
  return { ...ran, stdout: stdout.toString('utf8') };
}

/** For what is not text. */
export async function runForBytes(
  args: readonly string[],
  options: RunOptions,
): Promise<Omit<Ran, 'stdout'> & { stdout: Buffer }> {
  const child = startDomus(args, options.home);
  child.stdin.on('error', () => undefined); // it may have ended before it read all
  child.stdin.end(options.input ?? '');
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const [status] = (await once(child, 'close')) as [number | null];
  return {
    status,
    stdout: Buffer.concat(out),
    stderr: Buffer.concat(err).toString('utf8'),
  };
}

/** The lines of a process that goes on, one after another; null at its end. */
export class Lines {
  private text = '';
  private ended = false;
  private wake: () => void = () => undefined;

  constructor(stream: NodeJS.ReadableStream) {
    stream.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('utf8');
      this.wake();
    });
    stream.on('end', () => {
      this.ended = true;
      this.wake();
    });
  }

  async next(): Promise<string | null> {
    for (;;) {
      const end = this.text.indexOf('\n');
      if (end !== -1) {
        const line = this.text.slice(0, end);
        this.text = this.text.slice(end + 1);
        return line;
      }
      if (this.ended) return null;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** The first line that `wanted` holds of. Throws at the end. */
  async find(wanted: (line: string) => boolean): Promise<string> {
    for (let line = await this.next(); line !== null; line = await this.next()) {
      if (wanted(line)) return line;
    }
    throw new Error('the program ended before it printed the line');
  }
}
