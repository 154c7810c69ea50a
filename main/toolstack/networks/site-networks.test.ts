/** Networks of a site without hosts: the store, the gateways' worker, and ports of this machine. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import type { Networking } from '../../../shared/contract/index.ts';
import { ManagedDomain } from '../domains/managed-domain.ts';
import { EventBook } from '../events/event-book.ts';
import { LogBook } from '../log/log-book.ts';
import { Store } from '../store/store.ts';
import { definition, host } from '../testing/records.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { planInterfaces } from './plan-interfaces.ts';
import { SiteNetworks } from './site-networks.ts';

const GATEWAY = new URL('../../workers/gateway.worker.ts', import.meta.url);

class Site {
  readonly networks: SiteNetworks;
  readonly events: EventBook;
  readonly domains: ManagedDomain[] = [];
  private readonly store: Store;
  private readonly waiting = new Set<() => void>();

  constructor(folder: string) {
    this.store = Store.open(`${folder}/domus.db`).store;
    const log = new LogBook(folder, 'error');
    this.events = new EventBook(this.store.events, log);
    this.domains = this.store.domains.all().map((stored) => new ManagedDomain(stored));
    this.networks = new SiteNetworks({
      store: this.store,
      events: this.events,
      log,
      factory: (workerData) => new Worker(GATEWAY, { workerData }),
      domains: () => this.domains,
      changed: () => this.waiting.forEach((look) => look()),
    });
    this.networks.start();
  }

  /** A domain on the first network. */
  addDomain(name: string): ManagedDomain {
    if (this.store.hosts.all().length === 0) this.store.hosts.insert(host('alpha'));
    const asked = [{ network: 'default' }];
    const interfaces = planInterfaces(this.networks, name, [], asked);
    const stored = { ...definition(name, 'alpha'), interfaces };
    const fate = {
      runningDomid: null,
      endedAs: 'shut-off',
      reason: null,
      wasRunning: false,
    } as const;
    this.store.domains.insert(stored, fate);
    const domain = new ManagedDomain({ definition: stored, fate, deletedAtMs: null });
    this.domains.push(domain);
    this.networks.domainChanged();
    return domain;
  }

  async until(condition: (networking: Networking) => boolean): Promise<void> {
    while (!condition(this.networks.view)) {
      await new Promise<void>((resolve) => {
        const look = (): void => (this.waiting.delete(look), resolve());
        this.waiting.add(look);
      });
    }
  }

  async told(kind: string): Promise<string[]> {
    const messages: string[] = [];
    for await (const event of this.events.read({}, undefined)) {
      if (event.kind === kind) messages.push(event.message);
    }
    return messages;
  }

  async close(): Promise<void> {
    await this.networks.close();
    this.store.close();
  }
}

let site: Site;
let folder: string;

function open(): void {
  folder = temporaryFolder();
  site = new Site(folder);
}

async function reopen(): Promise<void> {
  await site.close();
  site = new Site(folder);
}

afterEach(() => site.close());

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}

async function occupied(port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

const freed = ({ server }: { server: Server }): Promise<unknown> =>
  new Promise((resolve) => server.close(resolve));

describe('a home', () => {
  test('has a network from its first day on, which does not come back once it was removed', async () => {
    open();
    expect(site.networks.view.networks).toMatchObject([
      { name: 'default', kind: 'isolated', subnet: '10.77.0.0/24', gateway: '10.77.0.1' },
    ]);
    site.networks.registry.remove(site.networks.network('default'));
    await reopen();
    expect(site.networks.view.networks).toEqual([]);
  });
});

describe('a forwarded port', () => {
  test('listens from then on, in later runs too, until it is removed', async () => {
    open();
    const web1 = site.addDomain('web1');
    const { port } = await site.networks.forwards.add(web1, { port: 0, toPort: 80 });
    expect(await answers(port)).toBe(true);
    await reopen();
    await site.until(({ forwards }) => forwards[0]?.fault === null);
    expect(site.networks.view.forwards).toEqual([
      { port, protocol: 'tcp', domain: 'web1', toPort: 80, handle: 0, fault: null },
    ]);
    expect(await answers(port)).toBe(true);
    await site.networks.forwards.remove(port, undefined);
    expect(await answers(port)).toBe(false);
    expect(site.networks.view.forwards).toEqual([]);
  });

  test('that somebody else has is refused; later it is a fault, and is tried again when asked', async () => {
    open();
    const web1 = site.addDomain('web1');
    const other = await occupied();
    const asked = { port: other.port, toPort: 80 };
    await expect(site.networks.forwards.add(web1, asked)).rejects.toMatchObject({
      code: 'network.port-in-use',
    });
    expect(site.networks.view.forwards).toEqual([]);
    await freed(other);
    await site.networks.forwards.add(web1, asked);
    await site.networks.close();
    const again = await occupied(asked.port);
    await reopen();
    await site.until(({ forwards }) => /in use/.test(forwards[0]?.fault ?? ''));
    expect(await site.told('forward.failed')).toHaveLength(1);
    await site.networks.forwards.adjust();
    expect(await site.told('forward.failed')).toHaveLength(1);
    await freed(again);
    const [domain] = site.domains;
    expect(await site.networks.forwards.add(domain!, asked)).toMatchObject({ fault: null });
    expect(await answers(asked.port)).toBe(true);
  });

  test('follows its domain: closed without its interface, hidden while it is deleted', async () => {
    open();
    const web1 = site.addDomain('web1');
    const { port } = await site.networks.forwards.add(web1, { port: 0, toPort: 80 });
    const { interfaces } = web1.definition;
    web1.definition = { ...web1.definition, interfaces: [] };
    await site.networks.forwards.adjust();
    expect(site.networks.view.forwards[0]!.fault).toBe('Domain web1 has no interface 0.');
    expect(await answers(port)).toBe(false);
    web1.definition = { ...web1.definition, interfaces };
    await site.networks.forwards.adjust();
    expect(await answers(port)).toBe(true);
    web1.deletedAtMs = 1;
    await site.networks.forwards.adjust();
    expect(site.networks.view.forwards).toEqual([]);
    expect(await answers(port)).toBe(false);
    web1.deletedAtMs = null;
    await site.networks.forwards.adjust();
    expect(site.networks.view.forwards).toMatchObject([{ port, fault: null }]);
    expect(await answers(port)).toBe(true);
  });

  test('is one domain’s, and leads to an interface that is there', async () => {
    open();
    const [web1, web2] = [site.addDomain('web1'), site.addDomain('web2')];
    const { forwards } = site.networks;
    const { port } = await forwards.add(web1, { port: 0, toPort: 80 });
    await expect(forwards.add(web2, { port, toPort: 80 })).rejects.toMatchObject({
      code: 'forward.exists',
      message: expect.stringContaining('leads to web1:80 already') as string,
    });
    await expect(forwards.add(web2, { port: 0, toPort: 80, handle: 3 })).rejects.toMatchObject({
      code: 'interface.not-attached',
    });
    await expect(forwards.remove(port, 'udp')).rejects.toMatchObject({ code: 'forward.unknown' });
    const udp = await forwards.add(web2, { port, toPort: 53, protocol: 'udp' });
    await forwards.remove(port, undefined);
    expect(forwards.all()).toEqual([udp]);
    await forwards.remove(port, undefined);
  });

  test('is open again after the gateways died', async () => {
    open();
    const { port } = await site.networks.forwards.add(site.addDomain('web1'), {
      port: 0,
      toPort: 1,
    });
    await site.networks.gateways.kill();
    await site.until(({ forwards }) => forwards[0]?.fault !== null);
    expect(await answers(port)).toBe(false);
    await site.until(({ forwards }) => forwards[0]?.fault === null);
    expect(await answers(port)).toBe(true);
    expect(await site.told('gateways.died')).toHaveLength(1);
  });
});
