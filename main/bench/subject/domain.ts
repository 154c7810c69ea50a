/** A Domus domain as a machine to measure, through the API: lifecycle by calls, its console as a viewer. */
import type { CreateDomain, Domain } from '../../../shared/contract/index.ts';
import type { DomusError } from '../../../shared/errors.ts';
import type { ConsoleConnection } from '../../api/client/index.ts';
import type { Machine } from '../peers/machine.ts';
import { MachineError } from '../peers/machine.ts';
import { HOST } from './daemon.ts';
import type { Daemon } from './daemon.ts';

const SIZE = { columns: 80, rows: 24 };

export class DomusDomain implements Machine {
  readonly name = 'domus';
  readonly domain: string;
  private readonly daemon: Daemon;
  private console!: ConsoleConnection;
  private listener: (bytes: Uint8Array) => void = () => undefined;
  /** Times the console gave up on this viewer's pace and drew its screen anew. */
  private redrawn = -1;
  /** Why there is no console any more, unless this side closed it. */
  private lost: DomusError | null = null;

  private constructor(daemon: Daemon, domain: string) {
    this.daemon = daemon;
    this.domain = domain;
  }

  /** Creates, waits until its guest answers, and opens its console. */
  static async create(daemon: Daemon, wanted: CreateDomain): Promise<DomusDomain> {
    await daemon.done(daemon.site.domains.create({ host: HOST, ...wanted }));
    return DomusDomain.attach(daemon, wanted.name);
  }

  /** The console of a domain that is there. */
  static async attach(daemon: Daemon, name: string): Promise<DomusDomain> {
    const machine = new DomusDomain(daemon, name);
    await machine.openConsole();
    return machine;
  }

  /** Its console anew, when it was off meanwhile. */
  async reattach(): Promise<void> {
    this.console.close();
    await this.openConsole();
  }

  get pid(): number {
    return this.daemon.pid;
  }

  /** Whether its console skipped output because this viewer was too slow. */
  get skippedOutput(): boolean {
    return this.redrawn > 0;
  }

  onOutput(listener: (bytes: Uint8Array) => void): void {
    this.listener = listener;
  }

  /** @throws MachineError when its console was lost */
  write(bytes: Uint8Array): void {
    if (this.lost) {
      throw new MachineError(`domus: the console of ${this.domain}: ${this.lost.message}`);
    }
    this.console.input(bytes);
  }

  async pause(): Promise<void> {
    await this.daemon.site.domains.pause({ domain: this.domain });
  }

  async resume(): Promise<void> {
    await this.daemon.site.domains.unpause({ domain: this.domain });
  }

  get(): Promise<Domain> {
    return this.daemon.site.domains.get({ domain: this.domain });
  }

  /** Leaves its console; it runs on. */
  detach(): void {
    this.console.close();
  }

  /** Forces it off and deletes its definition. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.console.close();
    await this.daemon.done(this.daemon.site.domains.delete({ domain: this.domain, force: true }));
  }

  private async openConsole(): Promise<void> {
    this.lost = null;
    const lost = (error: DomusError | null): void => {
      if (opened === this.console) this.lost = error;
    };
    const opened = await this.daemon.client.openConsole(this.domain, SIZE, {
      output: (bytes) => this.listener(bytes),
      reset: () => void this.redrawn++,
      state: () => undefined,
      closed: lost,
    });
    this.console = opened;
  }
}
