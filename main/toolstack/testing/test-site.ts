/** A whole site on a folder of its own, with real hosts, consoles and guests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { Domain, Task } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { SiteApi } from '../calls/site-api.ts';
import { resolveHome } from '../home.ts';
import type { HostWorkerFactory } from '../hosts/host-link.ts';
import { ImageShelf } from '../image-shelf.ts';
import type { BudgetSettings } from '../placement/process-budget.ts';
import { Site } from '../site.ts';
import type { SiteParts } from '../site-parts.ts';

const main = new URL('../../', import.meta.url);
export const HOST_WORKER = new URL('workers/host.worker.ts', main);
const CODE = ['hypervisor/', 'dom0/', 'migration/', 'workers/'].map((path) => new URL(path, main));

export interface Output {
  stdout: string;
  stderr: string;
  status: number;
}

export class TestSite {
  readonly folder: string;
  site!: Site;
  private readonly hostFactory: HostWorkerFactory;
  private consoles: Worker | null = null;

  private constructor(folder: string, hostFactory: HostWorkerFactory) {
    this.folder = folder;
    this.hostFactory = hostFactory;
  }

  /** Images and snapshots come from the cache that everything on this machine shares. */
  static async open(
    budget: BudgetSettings = {},
    hostFactory: HostWorkerFactory = (data) => new Worker(HOST_WORKER, { workerData: data }),
  ): Promise<TestSite> {
    const test = new TestSite(mkdtempSync(join(tmpdir(), 'domus-site-')), hostFactory);
    await test.start(budget);
    return test;
  }

  get parts(): SiteParts {
    return this.site.parts;
  }

  get api(): SiteApi {
    return this.site.api;
  }

  /** The program's end and its next run. */
  async reopen(budget: BudgetSettings = {}): Promise<void> {
    await this.stop();
    await this.start(budget);
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The task's final record; its error if it has one. */
  async done(starting: Promise<Task>): Promise<Task> {
    const task = await this.api.tasks.wait({ id: (await starting).id });
    if (task.error) throw DomusError.from(task.error);
    return task;
  }

  async create(
    name: string,
    more: Partial<Parameters<SiteApi['domains']['create']>[0]> = {},
  ): Promise<Domain> {
    return (await this.done(this.api.domains.create({ name, ...more }))).result as Domain;
  }

  /** What `exec` gives, whole. */
  async exec(domain: string, command: string, signal?: AbortSignal): Promise<Output> {
    const output: Output = { stdout: '', stderr: '', status: -1 };
    for await (const chunk of await this.api.domains.exec({ domain, command }, { signal })) {
      if (chunk.type === 'exit') output.status = chunk.status;
      else output[chunk.type] += Buffer.from(chunk.base64, 'base64').toString();
    }
    return output;
  }

  /** What a command that succeeds prints, without the last newline. */
  async ask(domain: string, command: string): Promise<string> {
    const { stdout, stderr, status } = await this.exec(domain, command);
    if (status !== 0) throw new Error(`${command}: exit ${status}: ${stderr}`);
    return stdout.trimEnd();
  }

  get(domain: string): Promise<Domain> {
    return this.api.domains.get({ domain });
  }

  /** Settles with the domain once `condition` holds; the site's own stream of changes says when. */
  async until(name: string, condition: (domain: Domain) => boolean): Promise<Domain> {
    const leave = new AbortController();
    for await (const change of await this.api.site.watch({}, { signal: leave.signal })) {
      const domains =
        change.type === 'snapshot'
          ? change.domains
          : change.type === 'domain'
            ? [change.domain]
            : [];
      const found = domains.find((domain) => domain.name === name && condition(domain));
      if (!found) continue;
      leave.abort();
      return found;
    }
    throw new Error(`the site ended before ${name} got there`);
  }

  /** Settles once statistics show what is waited for. */
  async untilActualKiB(name: string, condition: (actualKiB: number) => boolean): Promise<void> {
    const { uuid } = await this.get(name);
    const leave = new AbortController();
    for await (const sample of await this.api.site.statistics({}, { signal: leave.signal })) {
      const found = sample.domains.find((domain) => domain.uuid === uuid);
      if (!found || !condition(found.memory.actualKiB)) continue;
      return leave.abort();
    }
  }

  async freeKiB(host: string): Promise<number> {
    return (await this.api.hosts.list({})).find(({ name }) => name === host)!.freeKiB;
  }

  private async start(budget: BudgetSettings): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    this.consoles = new Worker(new URL('workers/console.worker.ts', main), {
      workerData: { toolstack: port2 },
      transferList: [port2],
    });
    this.site = await Site.open({
      home: resolveHome({ home: this.folder, env: { DOMUS_CACHE: resolveHome().cache } }),
      version: 'test',
      logLevel: 'debug',
      budget,
      hostFactory: this.hostFactory,
      ioFactory: () => new Worker(new URL('workers/io.worker.ts', main)),
      gatewayFactory: (data) =>
        new Worker(new URL('workers/gateway.worker.ts', main), { workerData: data }),
      console: port1,
      images: (parts) => new ImageShelf(parts),
      codeFolders: CODE,
      onStop: () => undefined,
    });
  }

  private async stop(): Promise<void> {
    await this.site.close();
    await this.consoles?.terminate();
  }
}
