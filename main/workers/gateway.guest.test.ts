/** Guests on hosts that are joined by wires, and their gateway: addresses, names, the ways out and in. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GatewaySpec } from '../toolstack/control/gateway.contract.ts';
import { md5OfForwarded } from './testing/forwarded.ts';
import { guestImage } from './testing/guest-image.ts';
import { joinAll, TestGateways } from './testing/test-gateways.ts';
import type { TestDomain } from './testing/test-host.ts';
import { newDomain, newVif, TestHost } from './testing/test-host.ts';

const LAN: GatewaySpec = {
  number: 1,
  name: 'lan',
  mtu: 1500,
  kind: 'isolated',
  subnet: '10.77.0.0/24',
  address: '10.77.0.1',
  reachesMachine: false,
};
const LAB: GatewaySpec = {
  ...LAN,
  number: 2,
  name: 'lab',
  subnet: '10.77.1.0/24',
  address: '10.77.1.1',
};
/** The image's own DHCP client has asked. */
const HAS_ADDRESS = 'until ip -4 -o addr show dev eth0 2>&1 | grep -q inet; do usleep 100000; done';
/** It asks again, and learns of the way out. */
const HEARS_OF_ROUTER =
  'kill -USR1 $(cat /run/domus-dhcp/eth0.pid); until ip route | grep default; do usleep 100000; done';

describe('guests with a gateway, on two hosts', { timeout: 240_000 }, () => {
  const hosts: TestHost[] = [];
  let gateways: TestGateways;
  const guests: TestDomain[] = [];
  const taken: unknown[] = [];

  beforeAll(async () => {
    gateways = new TestGateways();
    gateways.channel.on('address.taken', (event) => taken.push(event));
    for (const name of ['alpha', 'beta']) hosts.push(await TestHost.start(name, 512));
    await joinAll(hosts, gateways);
    for (const spec of [LAN, LAB]) {
      await gateways.channel.call('gateway.define', spec);
      for (const host of hosts) await host.channel.call('network.define', spec);
    }
    await gateways.channel.call('gateway.assign', {
      name: 'lan',
      addresses: [
        { mac: '00:16:3e:00:00:0b', address: '10.77.0.11', name: 'Web1' },
        { mac: '00:16:3e:00:00:0c', address: '10.77.0.12', name: 'web2' },
      ],
    });
    await Promise.all(
      hosts.map(async (host, index) => {
        const guest = newDomain(`web${index + 1}`, 128);
        guests[index] = guest;
        guest.spec.interfaces.push(newVif(0, 'lan', `10.77.0.${11 + index}`));
        const boot = await guestImage(guest.spec.name);
        await host.channel.call('domain.boot', { spec: guest.spec, boot });
        await guest.console.ready();
      }),
    );
  }, 240_000);

  afterAll(async () => {
    await gateways.stop();
    for (const host of hosts) await host.stop();
  });

  const ask = (guest: number, command: string): Promise<string> =>
    guests[guest]!.console.run(command);
  const setKind = (kind: GatewaySpec['kind'], reachesMachine = false): Promise<void> =>
    gateways.channel.call('gateway.define', { ...LAN, kind, reachesMachine });

  it('get the addresses that were assigned to them, and no way out where there is none', async () => {
    for (const guest of [0, 1]) {
      await ask(guest, HAS_ADDRESS);
      expect(await ask(guest, 'ip -4 -o addr show dev eth0')).toContain(`10.77.0.1${guest + 1}/24`);
    }
    expect(taken).toEqual(
      expect.arrayContaining([
        { network: 'lan', mac: '00:16:3e:00:00:0b', address: '10.77.0.11' },
        { network: 'lan', mac: '00:16:3e:00:00:0c', address: '10.77.0.12' },
      ]),
    );
    expect(await ask(0, 'cat /etc/resolv.conf')).toMatch(
      /search domus\.internal\s+nameserver 10\.77\.0\.1/,
    );
    expect(await ask(0, 'ip route | grep default || echo none')).toBe('none');
  });

  it('find each other by name, across hosts', async () => {
    expect(await ask(0, 'ping -c 3 10.77.0.12 | grep received')).toContain('3 packets received');
    expect(await ask(0, 'nslookup web2.domus.internal')).toContain('Address: 10.77.0.12');
    expect(await ask(1, 'nslookup 10.77.0.11')).toContain('name = web1.domus.internal');
    expect(await ask(1, 'nslookup example.org')).toContain('REFUSED');
    expect(await ask(1, 'ping -c 1 10.77.0.1 | grep received')).toContain('1 packets received');
  });

  it('talk TCP across hosts, byte for byte', async () => {
    const sent = await ask(
      0,
      'dd if=/dev/urandom of=/tmp/data bs=64k count=32 2>/dev/null; httpd -p 5000 -h /tmp; md5sum </tmp/data',
    );
    const fetch = 'wget -q -O /tmp/got http://10.77.0.11:5000/data; md5sum </tmp/got';
    expect(await ask(1, fetch)).toBe(sent);
  });

  it('reach this machine only where they may, from the next moment on', async () => {
    const server = createServer((_request, response) => response.end('hello from outside\n'));
    server.listen(0, '0.0.0.0');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const own = Object.values(networkInterfaces())
      .flatMap((all) => all ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
    const fetch = (from: string): string =>
      `timeout 10 wget -q -O - http://${from}:${port}/ 2>&1 || echo refused`;
    try {
      await setKind('outside');
      expect(await ask(0, HEARS_OF_ROUTER)).toContain('via 10.77.0.1');
      expect(await ask(0, fetch('10.77.0.1'))).toContain('refused');
      if (own !== undefined) expect(await ask(0, fetch(own))).toContain('refused');
      await setKind('outside', true);
      expect(await ask(0, fetch('10.77.0.1'))).toBe('hello from outside');
      if (own !== undefined) expect(await ask(0, fetch(own))).toBe('hello from outside');
      await setKind('isolated');
      expect(await ask(0, fetch('10.77.0.1'))).toContain('refused');
    } finally {
      server.close();
    }
  });

  it('are reached through forwarded ports, and not when their address is taken away', async () => {
    const forward = { network: 'lan', address: '10.77.0.11', port: 0, toPort: 5000 } as const;
    const { port } = await gateways.channel.call('forward.open', { protocol: 'tcp', ...forward });
    await expect(
      gateways.channel.call('forward.open', { protocol: 'tcp', ...forward, port }),
    ).rejects.toMatchObject({ code: 'network.port-in-use' });
    expect(await md5OfForwarded(port)).toBe((await ask(0, 'md5sum </tmp/data')).split(' ')[0]);
    await gateways.channel.call('forward.close', { protocol: 'tcp', port });
    await expect(md5OfForwarded(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
