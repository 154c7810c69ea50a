/** Domains that are protected, hosts that die, and those who are connected meanwhile. */
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import type { Domain, FailoverReport } from '../../../shared/contract/index.ts';
import type { TestSite } from './test-site.ts';

const PATIENCE = { timeout: 60_000, interval: 100 };

/** With its standby on the other of alpha and beta, once that is up. */
export async function protect(site: TestSite, name: string): Promise<Domain> {
  const domain = await site.get(name);
  const host = domain.host === 'alpha' ? 'beta' : 'alpha';
  const state = async (): Promise<string | undefined> =>
    (await site.api.hosts.list({})).find((one) => one.name === host)?.state;
  await expect.poll(state, PATIENCE).toBe('up');
  const task = await site.done(site.api.domains.protect({ domain: name, host }));
  return task.result as Domain;
}

/** Ends the worker of the domain's host, and waits for what comes of it. */
export async function loseHost(site: TestSite, name: string): Promise<FailoverReport> {
  const { host, uuid } = await site.get(name);
  await site.site.parts.hosts.get(host).terminate();
  await site.until(name, (domain) => domain.host !== host);
  const tasks = await site.api.tasks.list({});
  const failover = tasks.find(({ kind, domain }) => kind === 'failover' && domain === uuid);
  const { result, error } = await site.api.tasks.wait({ id: failover!.id });
  expect(error).toBeNull();
  return result as FailoverReport;
}

/** For a guest's shell: keeps each number that it is sent in `file`, does `then`, and says so. */
export function numberServer(file: string, then: string, port: number): string {
  return (
    `cat >/tmp/serve <<"."\n#!/bin/sh\nwhile read n; do echo $n >>${file}; ${then}; echo kept $n; done\n.\n` +
    `chmod +x /tmp/serve; (nc -ll -p ${port} -e /tmp/serve >/dev/null 2>&1 &)`
  );
}

/** Sends numbers, each when the last one is said to be kept, and notes which those are. */
export class NumberClient {
  private readonly socket: Socket;
  private readonly told: number[] = [];
  private heard: () => void = () => undefined;

  constructor(port: number) {
    this.socket = createConnection({ host: '127.0.0.1', port });
    createInterface(this.socket).on('line', (line) => {
      const number = Number(line.replace('kept ', ''));
      this.told.push(number);
      this.heard();
      this.socket.write(`${number + 1}\n`);
    });
    this.socket.write('1\n');
  }

  /** Settles when it was told of so many more. */
  async progress(more: number): Promise<void> {
    const enough = this.told.length + more;
    while (this.told.length < enough) {
      await new Promise<void>((resolve, reject) => {
        this.heard = resolve;
        this.socket.once('close', () => reject(new Error('the connection was closed')));
      });
    }
  }

  /** What it was told of. */
  end(): number[] {
    this.socket.destroy();
    return this.told;
  }

  /** The order is that of sending, each came once, and all that it was told of are there. */
  static expectKept(kept: number[], told: number[]): void {
    expect(kept).toEqual(kept.map((_, index) => index + 1));
    expect(told).toEqual(told.map((_, index) => index + 1));
    expect(kept.length).toBeGreaterThanOrEqual(told.length);
  }
}
