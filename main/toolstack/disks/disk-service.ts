/** The site's I/O workers, and the disks that they have open. */
import type { DiskLocks } from './disk-locks.ts';
import { IoLink } from './io-link.ts';
import type { IoWorkerFactory } from './io-link.ts';
import { OpenDisks } from './open-disks.ts';
import type { DiskKeeper, DiskLife } from './open-disks.ts';

/** A worker blocks while it reads: with two, a slow medium does not stop everybody's disks. */
const WORKERS = 2;

export interface DiskServiceOptions {
  factory: IoWorkerFactory;
  locks: DiskLocks;
  /** The folder of the site. */
  home: string;
  log(level: 'warning' | 'error', message: string): void;
  /** A worker died, and with it the way to the disks of these lives. */
  lost(domids: number[], reason: string): void;
}

export class DiskService implements DiskKeeper {
  readonly locks: DiskLocks;
  readonly home: string;
  readonly log: DiskServiceOptions['log'];
  private readonly options: DiskServiceOptions;
  /** By turn. */
  private readonly workers = new Map<number, IoLink>();
  private readonly lives = new Set<OpenDisks>();
  /** Files that somebody lets go of, until he has. */
  private readonly closing = new Map<string, Promise<void>>();
  private opened = 0;
  private isClosed = false;

  constructor(options: DiskServiceOptions) {
    this.options = options;
    this.locks = options.locks;
    this.home = options.home;
    this.log = options.log;
  }

  /** The disks of one life of a domain: none yet. */
  life(life: DiskLife): OpenDisks {
    const disks = new OpenDisks(this, life);
    this.lives.add(disks);
    return disks;
  }

  /** The next worker in turn, started when it is first needed. */
  worker(): IoLink {
    const turn = this.opened++ % WORKERS;
    return this.workers.get(turn) ?? this.start(turn);
  }

  letsGo(path: string, done: Promise<void>): void {
    this.closing.set(path, done);
    void done.then(() => {
      if (this.closing.get(path) === done) this.closing.delete(path);
    });
  }

  async settled(path: string): Promise<void> {
    await this.closing.get(path);
  }

  forget(disks: OpenDisks): void {
    this.lives.delete(disks);
  }

  /** Lets go of every disk and ends the workers. The domains' threads are gone. */
  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([...this.lives].map((disks) => disks.closeAll()));
    await Promise.all(this.closing.values());
    await Promise.all([...this.workers.values()].map((worker) => worker.terminate()));
  }

  private start(turn: number): IoLink {
    const worker = new IoLink(this.options.factory);
    this.workers.set(turn, worker);
    worker.on('disk.failed', ({ error }) => this.log('error', error.message));
    worker.on('disk.broken', ({ disk }) => {
      this.log('error', `the ring of disk ${disk} was broken; it is served no more`);
    });
    void worker.exited.then((reason) => {
      this.workers.delete(turn);
      if (this.isClosed) return;
      this.log('error', `an I/O worker is gone: ${reason}`);
      const domids = [...this.lives].filter((life) => life.uses(worker)).map(({ domid }) => domid);
      this.options.lost(domids, reason);
    });
    return worker;
  }
}
