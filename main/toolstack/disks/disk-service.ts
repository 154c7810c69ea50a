/** The site's I/O workers, and the disks that they have open. */
import type { OpenSource } from '../storage/open-source.ts';
import type { DiskDefinition } from '../store/domain-table.ts';
import { within } from '../streams/waiting.ts';
import type { DiskUser } from './disk-locks.ts';
import { IoLink } from './io-link.ts';
import type { IoWorkerFactory } from './io-link.ts';
import { OpenDisks } from './open-disks.ts';
import type { DiskKeeper, DiskLife } from './open-disks.ts';

/**
 * A worker blocks while it reads: each medium has its own, so that one that does not answer stops no disk
 * on another; and with two, one that is slow does not stop all of its own.
 */
const WORKERS = 2;
const TERMINATE_MS = 5_000;
const notEnded = (): Error => new Error(`an I/O worker did not end within ${TERMINATE_MS} ms`);

type Turn = `disks on ${string}` | 'looker' | `jobs of ${string}`;

export interface DiskServiceOptions {
  factory: IoWorkerFactory;
  /** The folder of the site. */
  home: string;
  open: DiskKeeper['open'];
  log(level: 'warning' | 'error', message: string): void;
  /** A worker died, and with it the way to the disks of these lives. */
  lost(domids: number[], reason: string): void;
}

export class DiskService implements DiskKeeper {
  readonly home: string;
  readonly log: DiskServiceOptions['log'];
  private readonly options: DiskServiceOptions;
  /**
   * Of disks by medium and turn; by place those that copy and make files there, which hold up neither a disk nor
   * another place; and the one that looks into files.
   */
  private readonly workers = new Map<Turn, IoLink>();
  private readonly lives = new Set<OpenDisks>();
  /** Contents that somebody lets go of, until he has. */
  private readonly closing = new Map<string, Promise<void>>();
  /** How many disks were opened on each medium. */
  private readonly opened = new Map<string, number>();
  private isClosed = false;

  constructor(options: DiskServiceOptions) {
    this.options = options;
    this.home = options.home;
    this.log = options.log;
  }

  /** The disks of one life of a domain: none yet. */
  life(life: DiskLife): OpenDisks {
    const disks = new OpenDisks(this, life);
    this.lives.add(disks);
    return disks;
  }

  open(definition: DiskDefinition, user: DiskUser, host: string): Promise<OpenSource> {
    return this.options.open(definition, user, host);
  }

  /** The worker that looks into files without standing in any, started when it is first needed. */
  looker(): IoLink {
    return this.workers.get('looker') ?? this.start('looker');
  }

  /** The worker for the files of a place that are nobody's disk, started when it is first needed. */
  jobs(place: string): IoLink {
    const turn: Turn = `jobs of ${place}`;
    return this.workers.get(turn) ?? this.start(turn);
  }

  /** The next worker of a medium in turn, started when it is first needed. */
  worker(medium: string): IoLink {
    const opened = this.opened.get(medium) ?? 0;
    this.opened.set(medium, opened + 1);
    const turn: Turn = `disks on ${medium}, ${opened % WORKERS}`;
    return this.workers.get(turn) ?? this.start(turn);
  }

  letsGo(source: string, done: Promise<void>): void {
    this.closing.set(source, done);
    void done.then(() => {
      if (this.closing.get(source) === done) this.closing.delete(source);
    });
  }

  async settled(source: string): Promise<void> {
    await this.closing.get(source);
  }

  forget(disks: OpenDisks): void {
    this.lives.delete(disks);
  }

  /** Lets go of every disk and ends the workers. The domains' threads are gone. */
  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([...this.lives].map((disks) => disks.closeAll()));
    await Promise.all(this.closing.values());
    const ended = [...this.workers.values()].map((worker) => worker.terminate());
    // One that looks into a folder that does not answer cannot end.
    await within(Promise.all(ended), TERMINATE_MS, notEnded).catch((error: unknown) =>
      this.log('warning', String(error)),
    );
  }

  private start(turn: Turn): IoLink {
    const worker = new IoLink(this.options.factory);
    this.workers.set(turn, worker);
    worker.on('disk.failed', ({ error }) => this.log('error', error.message));
    worker.on('disk.warned', ({ message }) => this.log('warning', message));
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
