/** Networks of real guests, as the site's API makes, moves and takes them. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Forward } from '../../shared/contract/index.ts';
import { TestSite } from './testing/test-site.ts';

const run = promisify(execFile);
const PATIENCE = { timeout: 60_000, interval: 200 };

let site: TestSite;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'domus-networks-'));
  site = await TestSite.open();
  await Promise.all([
    site.create('web1', { host: 'alpha', interfaces: [{ network: 'default' }] }),
    site.create('db1', { host: 'beta', interfaces: [{ network: 'default' }] }),
  ]);
});
afterAll(async () => {
  await site.close();
  rmSync(folder, { recursive: true });
});

const addressOf = async (domain: string): Promise<string> => (await site.get(domain)).address!;

/** Answers, by the kernel's own books: `ping` overlooks those that come while it is about to ask. */
const ANSWERS =
  'answers() { grep ^Icmp: /proc/net/snmp | awk \'{ for (i = 1; i <= NF; i++) if ($i == "InEchoReps") c = i } END { print $c }\'; }';
const pings = (from: string, to: string, count = 3): Promise<string> =>
  site.ask(
    from,
    `${ANSWERS}; before=$(answers); ping -q -c ${count} -W 2 ${to} >/dev/null; echo $(($(answers) - before))`,
  );

async function fetched({ port }: Pick<Forward, 'port'>, path: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    signal: AbortSignal.timeout(20_000),
  });
  return (await answer.text()).trim();
}

describe('domains that are created on a network', () => {
  test('have their addresses when their creation has ended', async () => {
    const tasks = await site.api.tasks.list({});
    const created = tasks.filter(({ kind }) => kind === 'create').map(({ title }) => title);
    expect(created.sort()).toEqual(['Created db1 on beta', 'Created web1 on alpha']);
    for (const name of ['web1', 'db1']) {
      const { address, interfaces } = await site.get(name);
      expect(interfaces).toMatchObject([{ handle: 0, network: 'default', address, linkUp: true }]);
      expect(await site.ask(name, 'ip -4 addr show eth0')).toContain(`inet ${address}/24`);
      const mac = await site.ask(name, 'cat /sys/class/net/eth0/address');
      expect(mac).toBe(interfaces[0]!.mac);
    }
    const leases = await site.api.networks.leases({});
    expect(leases.map(({ domain }) => domain).sort()).toEqual(['db1', 'web1']);
  });

  test('find each other by name, across hosts', async () => {
    expect(await pings('web1', 'db1')).toBe('3');
    expect(await pings('db1', 'web1.domus.internal')).toBe('3');
    expect(await pings('db1', '10.77.0.1')).toBe('3');
  });

  test('talk TCP across hosts, byte for byte', async () => {
    const sum = await site.ask(
      'db1',
      'mkdir -p /srv; dd if=/dev/urandom of=/srv/data bs=64k count=32 2>/dev/null; httpd -p 80 -h /srv; md5sum </srv/data',
    );
    expect(await site.ask('web1', 'wget -q -O - http://db1/data | md5sum')).toBe(sum);
  });

  test('are not reached by the outside, nor reach it', async () => {
    expect(await site.ask('web1', 'ip route')).not.toContain('default');
    const { status } = await site.exec('web1', 'ping -c 1 -W 1 8.8.8.8');
    expect(status).not.toBe(0);
  });
});

describe('a forwarded port', () => {
  let web: Forward;

  test('leads to a guest', async () => {
    await site.ask('web1', 'mkdir -p /srv; echo hello >/srv/index.html; httpd -p 80 -h /srv');
    web = await site.api.forwards.add({ domain: 'web1', port: 0, toPort: 80 });
    expect(web).toMatchObject({ domain: 'web1', toPort: 80, protocol: 'tcp', fault: null });
    expect(await fetched(web, '/')).toBe('hello');
    expect(await site.api.forwards.list({})).toEqual([web]);
  });

  test('leads there still after the guest has moved, and keeps its name and its neighbours', async () => {
    await site.done(site.api.domains.migrate({ domain: 'web1', host: 'beta' }));
    expect(await fetched(web, '/')).toBe('hello');
    expect(await pings('web1', 'db1')).toBe('3');
    await site.done(site.api.domains.migrate({ domain: 'web1', host: 'alpha' }));
    expect(await fetched(web, '/')).toBe('hello');
    expect(await pings('db1', 'web1')).toBe('3');
  });

  test('leads there again after the gateways died', async () => {
    await site.site.parts.networks.gateways.kill();
    const state = async (): Promise<string | null> => (await site.api.forwards.list({}))[0]!.fault;
    await expect.poll(state, PATIENCE).toBe(null);
    expect(await fetched(web, '/')).toBe('hello');
    expect(await pings('web1', 'db1')).toBe('3');
  });

  test('that somebody else has is refused, and tried again when asked', async () => {
    const { server, port } = await listening();
    const asked = { domain: 'web1', port, toPort: 80 };
    await expect(site.api.forwards.add(asked)).rejects.toMatchObject({
      code: 'network.port-in-use',
    });
    server.close();
    expect(await site.api.forwards.add(asked)).toMatchObject({ port, fault: null });
    await expect(site.api.forwards.add({ ...asked, toPort: 81 })).rejects.toMatchObject({
      code: 'forward.exists',
    });
    await site.api.forwards.remove({ port });
    await expect(site.api.forwards.remove({ port })).rejects.toMatchObject({
      code: 'forward.unknown',
    });
    await expect(fetched({ port }, '/')).rejects.toThrow();
  });

  test('and its domain are there again when the site is', async () => {
    const address = await addressOf('web1');
    await site.reopen();
    await site.done(site.api.domains.start({ domain: 'web1' }));
    expect(await addressOf('web1')).toBe(address);
    await site.ask('web1', 'mkdir -p /srv; echo again >/srv/index.html; httpd -p 80 -h /srv');
    expect(await fetched(web, '/')).toBe('again');
    await site.done(site.api.domains.start({ domain: 'db1' }));
    expect(await pings('web1', 'db1')).toBe('3');
  });
});

describe('an interface of a running domain', () => {
  test('is attached, asks for its address, and is detached', async () => {
    await site.api.networks.add({ name: 'lan' });
    const task = await site.done(
      site.api.domains.attachInterface({ domain: 'web1', network: 'lan', address: '10.77.1.9' }),
    );
    expect(task.title).toBe('Attached web1 to lan');
    expect(await site.ask('web1', 'ip -4 addr show eth1')).toContain('inet 10.77.1.9/24');
    expect(await pings('web1', '10.77.1.1')).toBe('3');
    await expect(site.api.networks.remove({ network: 'lan' })).rejects.toMatchObject({
      code: 'network.in-use',
      data: { network: 'lan', domains: ['web1'] },
    });
    await site.done(site.api.domains.detachInterface({ domain: 'web1', handle: 1 }));
    // The guest's bus lets go of a device before its driver has taken the interface away.
    await site.ask('web1', 'while [ -e /sys/class/net/eth1 ]; do sleep 0.1; done');
    await site.ask('web1', 'while [ "$(pidof udhcpc | wc -w)" != 1 ]; do sleep 0.1; done');
    expect((await site.get('web1')).interfaces).toHaveLength(1);
    await site.api.networks.remove({ network: 'lan' });
  });

  test('can be pulled and plugged', async () => {
    const pulled = { domain: 'web1', handle: 0, linkUp: false };
    expect((await site.api.domains.setInterface(pulled)).interfaces[0]!.linkUp).toBe(false);
    expect(await pings('db1', 'web1', 1)).toBe('0');
    await site.api.domains.setInterface({ ...pulled, linkUp: true });
    expect(await pings('db1', 'web1')).toBe('3');
  });

  test('has rules, which hold at once', async () => {
    const rule = {
      action: 'deny',
      direction: 'in',
      protocol: 'icmp',
      remote: null,
      remotePorts: null,
      localPorts: null,
    } as const;
    const access = { rules: [rule], otherwise: 'allow' } as const;
    await site.api.domains.setInterface({
      domain: 'web1',
      handle: 0,
      access: { ...access, rules: [rule] },
    });
    expect(await pings('db1', 'web1', 1)).toBe('0');
    expect(await site.ask('db1', 'wget -q -O - http://web1/')).toBe('again');
    const [counters] = await site.api.domains.interfaceCounters({ domain: 'web1' });
    expect(counters!.drops.length).toBeGreaterThan(0);
    await site.api.domains.setInterface({
      domain: 'web1',
      handle: 0,
      access: { rules: [], otherwise: 'allow' },
    });
    expect(await pings('db1', 'web1')).toBe('3');
  });

  test('sends no faster than it may, and its rates are told', async () => {
    await site.ask('web1', 'dd if=/dev/zero of=/srv/large bs=64k count=16 2>/dev/null');
    await site.api.domains.setInterface({
      domain: 'web1',
      handle: 0,
      sendLimitBytesPerSecond: 200_000,
    });
    const beganMs = performance.now();
    const { uuid } = await site.get('web1');
    const leave = new AbortController();
    const fastest = fastestSecond(uuid, leave.signal);
    expect(await site.ask('db1', 'wget -q -O - http://web1/large | wc -c')).toBe('1048576');
    leave.abort();
    expect(performance.now() - beganMs).toBeGreaterThan(3500);
    expect(await fastest).toBeGreaterThan(20_000);
    await site.api.domains.setInterface({
      domain: 'web1',
      handle: 0,
      sendLimitBytesPerSecond: null,
    });
  });

  test('receives no faster than it may, either', async () => {
    const limited = { domain: 'db1', handle: 0 };
    await site.api.domains.setInterface({ ...limited, receiveLimitBytesPerSecond: 200_000 });
    const beganMs = performance.now();
    expect(await site.ask('db1', 'wget -q -O - http://web1/large | wc -c')).toBe('1048576');
    expect(performance.now() - beganMs).toBeGreaterThan(3500);
    await site.api.domains.setInterface({ ...limited, receiveLimitBytesPerSecond: null });
  });
});

describe('networks of kind routed', () => {
  test('lead to each other, with frames that fit both, and to no other', async () => {
    const { networks, domains } = site.api;
    await networks.add({ name: 'north', kind: 'routed', subnet: '10.88.1.0/24' });
    await networks.add({ name: 'south', kind: 'routed', subnet: '10.88.2.0/24', mtu: 1300 });
    for (const [domain, network] of [
      ['web1', 'north'],
      ['db1', 'south'],
    ] as const) {
      await site.done(domains.attachInterface({ domain, network }));
    }
    const { address } = (await site.get('db1')).interfaces[1]!;
    expect(await site.ask('db1', 'cat /sys/class/net/eth1/mtu')).toBe('1300');
    expect(await pings('web1', address)).toBe('3');
    const sum = await site.ask(
      'db1',
      'mkdir -p /srv; dd if=/dev/urandom of=/srv/far bs=1k count=500 2>/dev/null; httpd -p 8088 -h /srv; md5sum </srv/far',
    );
    const fetchIt = `wget -q -O - http://${address}:8088/far | md5sum`;
    expect(await site.ask('web1', fetchIt)).toBe(sum);
    await networks.set({ network: 'south', kind: 'isolated' });
    expect(await pings('web1', address, 1)).toBe('0');
    await networks.set({ network: 'south', kind: 'routed' });
    expect(await pings('web1', address)).toBe('3');
    for (const domain of ['web1', 'db1']) {
      await site.done(domains.detachInterface({ domain, handle: 1 }));
    }
    for (const network of ['north', 'south']) await networks.remove({ network });
  });
});

describe('a capture', () => {
  test('is read by tcpdump, and goes on when its domain moves', async () => {
    const path = join(folder, 'web1.pcap');
    const capture = await site.api.captures.start({ domain: 'web1', handle: 0, path });
    expect(await pings('web1', 'db1', 2)).toBe('2');
    const [running] = await site.api.captures.list({});
    expect(running).toMatchObject({ id: capture.id, endedAtMs: null });
    expect(running!.frames).toBeGreaterThanOrEqual(4);
    await site.done(site.api.domains.migrate({ domain: 'web1', host: 'beta' }));
    expect(await pings('web1', 'db1', 2)).toBe('2');
    const stopped = await site.api.captures.stop({ id: capture.id });
    expect(stopped).toMatchObject({ path, fault: null, dropped: 0 });
    const { stdout } = await run('tcpdump', ['-nr', path]);
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(stopped.frames);
    expect(lines.filter((line) => line.includes('ICMP echo request')).length).toBe(4);
    expect(lines.filter((line) => line.includes('ICMP echo reply')).length).toBe(4);
  });

  test('writes over no file, and ends with its domain', async () => {
    const path = join(folder, 'web1.pcap');
    await expect(
      site.api.captures.start({ domain: 'web1', handle: 0, path }),
    ).rejects.toMatchObject({ code: 'capture.file-exists' });
    const { id } = await site.api.captures.start({ domain: 'web1', handle: 0 });
    await site.api.domains.destroy({ domain: 'web1' });
    const ended = async (): Promise<number | null> =>
      (await site.api.captures.list({})).find((one) => one.id === id)!.endedAtMs;
    await expect.poll(ended, PATIENCE).not.toBe(null);
  });
});

describe('a host whose link loses frames', () => {
  test('loses them, and what TCP carries arrives whole', async () => {
    await site.api.hosts.add({ name: 'far', memoryMiB: 320, pcpus: 1, lossPercent: 20 });
    await site.create('far1', { host: 'far', interfaces: [{ network: 'default' }] });
    const { stdout } = await site.exec('db1', 'ping -c 60 -i 0.05 -W 1 far1');
    const received = Number(/(\d+) packets received/.exec(stdout)?.[1]);
    expect(received).toBeGreaterThan(0);
    expect(received).toBeLessThan(60);
    const sum = await site.ask(
      'far1',
      'mkdir -p /srv; dd if=/dev/urandom of=/srv/data bs=1k count=100 2>/dev/null; httpd -p 80 -h /srv; md5sum </srv/data',
    );
    expect(await site.ask('db1', 'wget -q -O - http://far1/data | md5sum')).toBe(sum);
    await site.api.domains.destroy({ domain: 'far1' });
  });
});

describe('a name and an address', () => {
  test('follow a domain that is renamed, and stay with one that is deleted', async () => {
    await site.done(site.api.domains.start({ domain: 'web1' }));
    await site.api.domains.rename({ domain: 'web1', name: 'www' });
    expect(await pings('db1', 'www')).toBe('3');
    const address = await addressOf('www');
    await site.done(site.api.domains.delete({ domain: 'www', force: true }));
    const wanted = { name: 'thief', interfaces: [{ network: 'default', address }] };
    await expect(site.api.domains.create(wanted)).rejects.toMatchObject({
      code: 'interface.address-taken',
    });
    expect(await site.api.forwards.list({})).toEqual([]);
    expect((await site.api.domains.undelete({ domain: 'www' })).address).toBe(address);
    expect(await site.api.forwards.list({})).toHaveLength(1);
  });
});

/** Bytes sent in the fastest second of an interface, while somebody looks. */
async function fastestSecond(uuid: string, signal: AbortSignal): Promise<number> {
  let fastest = 0;
  for await (const sample of await site.api.site.statistics({}, { signal })) {
    const found = sample.domains.find((domain) => domain.uuid === uuid);
    fastest = Math.max(fastest, found?.interfaces[0]?.sentBytesPerSecond ?? 0);
  }
  return fastest;
}

async function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}
