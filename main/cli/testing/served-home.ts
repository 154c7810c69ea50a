/** `domus serve` on a home of its own, and commands that talk to it. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ErrorShape } from '../../../shared/contract/index.ts';
import { Lines, runDomus, startDomus } from './run-domus.ts';
import type { Ran } from './run-domus.ts';

const Ready = z.strictObject({ ready: z.literal(true), url: z.url(), token: z.string().min(20) });

export class ServedHome implements AsyncDisposable {
  readonly home: string;
  readonly ready: z.infer<typeof Ready>;
  readonly daemon: ChildProcess;

  private constructor(home: string, daemon: ChildProcess, ready: z.infer<typeof Ready>) {
    this.home = home;
    this.daemon = daemon;
    this.ready = ready;
  }

  /** @param home of one that has ended, to go on there */
  static async start(home = mkdtempSync(join(tmpdir(), 'domus-cli-'))): Promise<ServedHome> {
    const daemon = startDomus(['serve', '--port', '0', '--json'], home);
    daemon.stderr.pipe(process.stderr);
    const line = await new Lines(daemon.stdout).next();
    return new ServedHome(home, daemon, Ready.parse(JSON.parse(line ?? '{}')));
  }

  run(...args: string[]): Promise<Ran> {
    return runDomus(args, { home: this.home });
  }

  /** What a command that must work prints. */
  async text(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(...args);
    if (status !== 0) throw new Error(`domus ${args.join(' ')}: ${status}: ${stderr}`);
    return stdout;
  }

  /** The result with `--json`, checked against the contract. */
  async json<Shape extends z.ZodType>(shape: Shape, ...args: string[]): Promise<z.infer<Shape>> {
    return shape.parse(JSON.parse(await this.text('--json', ...args)));
  }

  /** One object a line. */
  async jsonLines<Shape extends z.ZodType>(
    shape: Shape,
    ...args: string[]
  ): Promise<z.infer<Shape>[]> {
    const lines = (await this.text('--json', ...args)).trimEnd().split('\n');
    return lines.filter(Boolean).map((line) => shape.parse(JSON.parse(line)));
  }

  /** The error of a command that must fail, the same in both ways of telling it. */
  async failure(...args: string[]): Promise<{ code: string; message: string; status: number }> {
    const told = await this.run('--json', ...args);
    const error = ErrorShape.parse(JSON.parse(told.stdout));
    const status = told.status ?? 0;
    if (status === 0) throw new Error(`domus ${args.join(' ')} failed with status 0`);
    return { ...error, status };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.daemon.exitCode === null && this.daemon.signalCode === null) {
      this.daemon.kill('SIGTERM');
      await once(this.daemon, 'exit');
    }
    rmSync(this.home, { recursive: true, force: true });
  }
}
