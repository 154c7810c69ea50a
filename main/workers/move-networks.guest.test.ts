/** A guest's connections while it moves between hosts: with another guest, and from this machine. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { md5OfForwarded } from './testing/forwarded.ts';
import { guestImage } from './testing/guest-image.ts';
import { NumberedStream } from './testing/numbered-stream.ts';
import { joinAll, TestGateways } from './testing/test-gateways.ts';
import type { TestDomain } from './testing/test-host.ts';
import { move, newDomain, newVif, setAddress, TestHost } from './testing/test-host.ts';

const PATIENCE = { timeout: 30_000, interval: 500 };
const LAN = {
  number: 1,
  name: 'lan',
  mtu: 1500,
  kind: 'isolated',
  subnet: '10.77.0.0/24',
  address: '10.77.0.1',
  reachesMachine: false,
} as const;

describe('a guest that moves', { timeout: 240_000 }, () => {
  const hosts: TestHost[] = [];
  let gateways: TestGateways;
  const guests: TestDomain[] = [];

  beforeAll(async () => {
    gateways = new TestGateways();
    for (const name of ['alpha', 'beta']) hosts.push(await TestHost.start(name, 512));
    await joinAll(hosts, gateways);
    await gateways.channel.call('gateway.define', LAN);
    for (const host of hosts) await host.channel.call('network.define', LAN);
    await Promise.all(
      hosts.map(async (host, index) => {
        const address = `10.77.0.${11 + index}`;
        const guest = newDomain(`web${index + 1}`, 128);
        guests[index] = guest;
        guest.spec.interfaces.push(newVif(0, 'lan', address));
        const boot = await guestImage(guest.spec.name);
        await host.channel.call('domain.boot', { spec: guest.spec, boot });
        await guest.console.ready();
        await guest.console.run(setAddress('eth0', address));
      }),
    );
  }, 240_000);

  afterAll(async () => {
    await gateways.stop();
    for (const host of hosts) await host.stop();
  });

  const ask = (guest: number, command: string): Promise<string> =>
    guests[guest]!.console.run(command);

  it('keeps what is open, there and back, and loses no byte', async () => {
    const { port } = await gateways.channel.call('forward.open', {
      protocol: 'tcp',
      network: 'lan',
      address: '10.77.0.11',
      port: 0,
      toPort: 5000,
    });
    const sent = await ask(
      0,
      'dd if=/dev/urandom of=/tmp/data bs=64k count=160 2>/dev/null; httpd -p 5000 -h /tmp; md5sum </tmp/data',
    );
    const fetch = 'wget -q -O - http://10.77.0.11:5000/data | md5sum >/tmp/sum; echo >/tmp/done';
    await ask(1, `(${fetch}) >/dev/null 2>&1 & true`);
    const forwarded = md5OfForwarded(port);
    const first = await move(guests[0]!, hosts[0]!, hosts[1]!);
    const state = await ask(1, '[ -e /tmp/done ] && echo over || echo under way');
    const second = await move(guests[0]!, hosts[1]!, hosts[0]!);
    expect(state).toBe('under way');
    expect([first.bytes, second.bytes].every((bytes) => bytes > 1_000_000)).toBe(true);
    expect(await forwarded).toBe(sent.split(' ')[0]);
    expect(await ask(1, 'until [ -e /tmp/done ]; do usleep 100000; done; cat /tmp/sum')).toBe(sent);
  });

  it('goes on with a stream of numbers, of which none is missing and none comes twice', async () => {
    const { port } = await gateways.channel.call('forward.open', {
      protocol: 'tcp',
      network: 'lan',
      address: '10.77.0.11',
      port: 0,
      toPort: 5001,
    });
    const count = 'n=0; while :; do n=$((n+1)); echo $n; done';
    await ask(
      0,
      'mkdir -p /tmp/www/cgi-bin; cd /tmp/www; ' +
        `printf '#!/bin/sh\\nprintf "Content-Type: text/plain\\\\r\\\\n\\\\r\\\\n"\\n%s\\n' '${count}' >cgi-bin/count; ` +
        'chmod +x cgi-bin/count; httpd -p 5001 -h /tmp/www; cd',
    );
    const numbers = new NumberedStream(port, '/cgi-bin/count');
    await numbers.more(1000);
    for (let turn = 0; turn < 2; turn++) {
      await move(guests[0]!, hosts[0]!, hosts[1]!);
      await numbers.more(1000);
      await move(guests[0]!, hosts[1]!, hosts[0]!);
      await numbers.more(1000);
    }
    numbers.close();
    await ask(0, 'killall httpd; killall count; true');
  });

  it('misses nothing that another guest sends it meanwhile, nor does that its answers', async () => {
    // By the kernels' own books: `ping` itself overlooks answers that come while it is about to ask.
    const book = async (guest: number, name: string): Promise<number> => {
      const text = await ask(guest, 'grep ^Icmp: /proc/net/snmp');
      const [names, values] = text.split('\n').map((line) => line.trim().split(' '));
      return Number(values![names!.indexOf(name)]);
    };
    const all = async (): Promise<number[]> => {
      const asked = [await book(1, 'OutEchos'), await book(0, 'InEchos')];
      return [...asked, await book(0, 'OutEchoReps'), await book(1, 'InEchoReps')];
    };
    const before = await all();
    await ask(1, 'ping -q -i 0.01 10.77.0.11 >/dev/null 2>&1 & sleep 1');
    for (let turn = 0; turn < 3; turn++) {
      await move(guests[0]!, hosts[0]!, hosts[1]!);
      await ask(1, 'sleep 1');
      await move(guests[0]!, hosts[1]!, hosts[0]!);
      await ask(1, 'sleep 1');
    }
    await ask(1, 'killall ping');
    const sent = (await book(1, 'OutEchos')) - before[0]!;
    expect(sent).toBeGreaterThan(300);
    // A guest that has just moved gets to the last ones in a while.
    const since = async (): Promise<number[]> => (await all()).map((now, at) => now - before[at]!);
    await expect.poll(since, PATIENCE).toEqual([sent, sent, sent, sent]);
  });

  it('is found at its new place at once, though it says nothing itself', async () => {
    await move(guests[0]!, hosts[0]!, hosts[1]!);
    expect(await ask(1, 'ping -c 2 -W 5 10.77.0.11 | grep received')).toContain(
      '2 packets received',
    );
    await move(guests[0]!, hosts[1]!, hosts[0]!);
    expect(await ask(1, 'ping -c 2 -W 5 10.77.0.11 | grep received')).toContain(
      '2 packets received',
    );
    const { domid } = guests[0]!.spec;
    const [counters] = await hosts[0]!.channel.call('domain.interfaceCounters', { domid });
    expect(counters!.receivedFrames).toBeGreaterThan(1);
  });
});
