/** A domain between two hosts with a link of 1 Gbit/s, reached from outside through forwarded ports. */
import { MigrationReport } from '../../../shared/contract/index.ts';
import type { CreateDomain } from '../../../shared/contract/index.ts';
import { MachineError } from '../peers/machine.ts';
import type { Daemon } from './daemon.ts';
import { HOST } from './daemon.ts';
import { DomusDomain } from './domain.ts';

export const OTHER_HOST = 'bench2';
export const NETWORK = 'bench';
export const SUBNET = '10.0.0.0/24';
/** 1 Gbit/s. */
export const LINK_BYTES_PER_SECOND = 125_000_000;

/** Adds the other host and the network. The first host has the same link: it is a host's usual one. */
export async function addOtherHost({ site }: Daemon, memoryMiB: number): Promise<void> {
  const link = { bandwidthBytesPerSecond: LINK_BYTES_PER_SECOND };
  await site.hosts.add({ name: OTHER_HOST, memoryMiB, pcpus: 2, ...link });
  const first = (await site.hosts.list({})).find(({ name }) => name === HOST);
  if (first?.bandwidthBytesPerSecond !== LINK_BYTES_PER_SECOND) {
    throw new MachineError(`domus: the link of ${HOST} is not one of 1 Gbit/s`);
  }
  await site.networks.add({ name: NETWORK, subnet: SUBNET });
}

export class MovingDomain implements AsyncDisposable {
  readonly domain: DomusDomain;
  private readonly daemon: Daemon;
  private host: string;

  private constructor(daemon: Daemon, domain: DomusDomain, host: string) {
    this.daemon = daemon;
    this.domain = domain;
    this.host = host;
  }

  static async create(daemon: Daemon, wanted: CreateDomain): Promise<MovingDomain> {
    const domain = await DomusDomain.create(daemon, wanted);
    return new MovingDomain(daemon, domain, wanted.host ?? HOST);
  }

  /** A port of 127.0.0.1 that leads to one of the guest's. */
  async forward(protocol: 'tcp' | 'udp', toPort: number): Promise<number> {
    const { domain } = this.domain;
    const asked = { domain, protocol, port: 0, toPort };
    return (await this.daemon.site.forwards.add(asked)).port;
  }

  /** To the host where it is not. Errors: the task's own. */
  async move(): Promise<MigrationReport> {
    const host = this.host === HOST ? OTHER_HOST : HOST;
    const { domains } = this.daemon.site;
    const task = await this.daemon.done(domains.migrate({ domain: this.domain.domain, host }));
    this.host = host;
    return MigrationReport.parse(task.result);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.domain[Symbol.asyncDispose]();
  }
}
