/**
 * Domus as shipped: `domus serve` on a home of its own, spoken to through the API's client. A
 * process of its own, so that its time and memory can be told from the benchmark's.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DomusError } from '../../../shared/errors.ts';
import type { Task } from '../../../shared/contract/index.ts';
import { endingWithUs } from '../own-process.ts';
import { DomusClient, resolveHome } from '../../api/client/index.ts';
import type { Home, SiteApi } from '../../api/client/index.ts';

/** The host that all measured domains are on; the demo's are too small. */
export const HOST = 'bench';
const STOP_TIMEOUT_MS = 20_000;

interface Ready {
  url: string;
  token: string;
}

export class Daemon implements AsyncDisposable {
  readonly client: DomusClient;
  readonly home: Home;
  private readonly child: ChildProcess;
  private readonly ended: Promise<void>;

  private constructor(child: ChildProcess, ended: Promise<void>, client: DomusClient, home: Home) {
    this.child = child;
    this.ended = ended;
    this.client = client;
    this.home = home;
  }

  /** With one host of `hostMemoryMiB` beside the two that every new home gets. */
  static async start(hostMemoryMiB: number): Promise<Daemon> {
    const folder = await mkdtemp(join(tmpdir(), 'domus-bench-'));
    const words = [...serveCommand(), '--home', folder, ...SERVE];
    const child = spawn(...endingWithUs(process.execPath, words), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    try {
      const endpoint = await ready(child);
      const client = new DomusClient(() => endpoint);
      const daemon = new Daemon(child, ended, client, resolveHome({ home: folder }));
      await daemon.site.hosts.add({ name: HOST, memoryMiB: hostMemoryMiB, pcpus: 2 });
      return daemon;
    } catch (error) {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get pid(): number {
    return this.child.pid!;
  }

  get site(): SiteApi {
    return this.client.site;
  }

  /** The final record of a task that succeeded. Error: the task's own. */
  async done(started: Promise<Task> | Task): Promise<Task> {
    const task = await this.site.tasks.wait({ id: (await started).id });
    if (task.error) throw DomusError.from(task.error);
    if (task.state === 'done') return task;
    throw new DomusError('bench.task', `"${task.title}" ended as ${task.state}`);
  }

  /** Shuts down and takes its home away. */
  async [Symbol.asyncDispose](): Promise<void> {
    const kill = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    this.site.site.shutdown().catch(() => this.child.kill());
    await this.ended;
    clearTimeout(kill);
    this.client.close();
    await rm(this.home.folder, { recursive: true, force: true });
  }
}

const SERVE = ['--port', '0', '--json', '--log-level', 'warning'];

/** The built program, which the launcher names; the sources where it was not asked. */
function serveCommand(): string[] {
  const sources = fileURLToPath(new URL('../../cli/domus.ts', import.meta.url));
  return [process.env['DOMUS_PROGRAM'] ?? sources, 'serve'];
}

async function ready(child: ChildProcess): Promise<Ready> {
  const exited = new Promise<never>((_resolve, reject) =>
    child.once('exit', (code) =>
      reject(new DomusError('bench.daemon', `"domus serve" ended at once, with status ${code}`)),
    ),
  );
  const lines = createInterface({ input: child.stdout! });
  const line = new Promise<string>((resolve) => lines.once('line', resolve));
  return JSON.parse(await Promise.race([line, exited])) as Ready;
}
