/** Networks of Debian guests, through the kernel's own network front end. */
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frameRingCounters } from '../../shared/ring/frame-ring.ts';
import { CaptureCounters } from '../dom0/network/index.ts';
import { dissectFile } from '../dom0/network/testing/tcpdump.ts';
import type { VifRules } from '../toolstack/control/host.contract.ts';
import { guestImage } from './testing/guest-image.ts';
import type { TestDomain } from './testing/test-host.ts';
import { newDomain, newVif, setAddress, TestHost } from './testing/test-host.ts';

describe('guests on a network', { timeout: 240_000 }, () => {
  let host: TestHost;
  const guests: TestDomain[] = [];

  beforeAll(async () => {
    host = await TestHost.start('alpha', 768);
    for (const name of ['lan', 'other'])
      await host.channel.call('network.define', {
        number: name === 'lan' ? 1 : 2,
        name,
        mtu: 1500,
      });
    await Promise.all(
      ['10.0.0.1', '10.0.0.2'].map(async (address, index) => {
        const guest = newDomain(`net${index + 1}`, 128);
        guest.spec.interfaces.push(newVif(0, 'lan', address));
        guests.push(guest);
        const boot = await guestImage(guest.spec.name);
        await host.channel.call('domain.boot', { spec: guest.spec, boot });
        await guest.console.ready();
        await guest.console.run(setAddress('eth0', address));
      }),
    );
    guests.sort((a, b) => a.spec.name.localeCompare(b.spec.name));
  }, 240_000);

  afterAll(() => host.stop());

  const ask = (guest: number, command: string): Promise<string> =>
    guests[guest]!.console.run(command);

  it('have their MAC addresses, and offload what was negotiated', async () => {
    expect(await ask(0, 'cat /sys/class/net/eth0/address')).toBe('00:16:3e:00:00:01');
    expect(await ask(0, 'cat /sys/class/net/eth0/mtu')).toBe('1500');
  });

  it('reach each other', async () => {
    expect(await ask(0, 'ping -c 3 10.0.0.2 | grep received')).toContain('3 packets received');
    expect(await ask(1, 'ping -c 2 -s 1400 10.0.0.1 | grep received')).toContain(
      '2 packets received',
    );
  });

  it('talk TCP, both ways, byte for byte', async () => {
    for (const [from, to] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const sent = await ask(
        from,
        'dd if=/dev/urandom of=/tmp/data bs=64k count=80 2>/dev/null; httpd -p 5000 -h /tmp; md5sum </tmp/data',
      );
      const fetched = `wget -q -O /tmp/got http://10.0.0.${from + 1}:5000/data; md5sum </tmp/got`;
      expect(await ask(to, fetched)).toBe(sent);
    }
  });

  it('cannot speak for another', async () => {
    await ask(1, 'ip addr add 10.0.0.77/24 dev eth0');
    expect(await ask(1, 'ping -c 2 -W 1 -I 10.0.0.77 10.0.0.1 | grep received')).toContain(
      '0 packets received',
    );
    await ask(1, 'ip addr del 10.0.0.77/24 dev eth0; ip link set eth0 down');
    await ask(1, 'ip link set eth0 address 00:16:3e:00:00:01; ip link set eth0 up');
    expect(await ask(1, 'ping -c 2 -W 1 10.0.0.1 | grep received')).toContain('0 packets received');
    await ask(1, 'ip link set eth0 down; ip link set eth0 address 00:16:3e:00:00:02');
    await ask(1, 'ip link set eth0 up; ip addr add 10.0.0.2/24 dev eth0 2>/dev/null');
    expect(await ask(1, 'ping -c 2 -W 5 10.0.0.1 | grep received')).toContain('2 packets received');
  });

  it('are kept apart from other networks', async () => {
    const { domid } = guests[1]!.spec;
    const spec = newVif(1, 'other', '10.0.0.3');
    await host.channel.call('domain.attachInterface', { domid, vif: spec });
    await ask(1, `ip link set eth0 down; ${setAddress('eth1', '10.0.0.3')}`);
    expect(await ask(1, 'ping -c 2 -W 1 10.0.0.1 | grep received')).toContain('0 packets received');
    await host.channel.call('domain.detachInterface', { domid, handle: 1 });
    // The guest's bus has let go of it; the kernel takes the interface away a moment later.
    await ask(1, 'while [ -e /sys/class/net/eth1 ]; do usleep 50000; done');
    await ask(1, 'ip link set eth0 up');
  });

  const setRules = (rules: Partial<VifRules>): Promise<void> => {
    const { domid, interfaces } = guests[0]!.spec;
    const params = { domid, handle: 0, rules: { ...interfaces[0]!, ...rules } };
    return host.channel.call('domain.setInterface', params);
  };

  it('send and get only what their rules allow, as long as they stand', async () => {
    await ask(0, 'echo small >/tmp/small');
    const fetch =
      'timeout 10 wget -q -O /dev/null http://10.0.0.1:5000/small && echo got || echo refused';
    const deny = { action: 'deny', protocol: 'tcp', remote: '10.0.0.2/32' } as const;
    const ports = { remotePorts: null, localPorts: [5000, 5000] as [number, number] };
    await setRules({
      access: { rules: [{ ...deny, ...ports, direction: 'in' }], otherwise: 'allow' },
    });
    expect(await ask(1, fetch)).toContain('refused');
    expect(await ask(1, 'ping -c 1 10.0.0.1 | grep received')).toContain('1 packets received');
    await setRules({});
    expect(await ask(1, fetch)).toBe('got');
    await setRules({ linkUp: false });
    expect(await ask(0, 'ping -c 1 -W 1 10.0.0.2 | grep received')).toContain('0 packets received');
    await setRules({});
    expect(await ask(0, 'ping -c 1 -W 5 10.0.0.2 | grep received')).toContain('1 packets received');
    const { domid } = guests[0]!.spec;
    const [counters] = await host.channel.call('domain.interfaceCounters', { domid });
    expect(counters).toMatchObject({ handle: 0, sentBytes: expect.any(Number) as number });
    expect(counters!.sentBytes).toBeGreaterThan(1_000_000);
    const reasons = counters!.drops.map(({ direction, reason }) => `${direction} ${reason}`);
    expect(reasons.sort()).toEqual(expect.arrayContaining(['received rule', 'sent link-down']));
  });

  it('send no faster than their limit, and lose nothing for it', async () => {
    await ask(0, 'dd if=/dev/zero of=/tmp/megabyte bs=64k count=16 2>/dev/null');
    const { domid } = guests[0]!.spec;
    await setRules({ sendLimitBytesPerSecond: 250_000 });
    const startMs = performance.now();
    const got = 'wget -q -O - http://10.0.0.1:5000/megabyte | wc -c';
    expect(await ask(1, got)).toBe(String(1 << 20));
    expect(performance.now() - startMs).toBeGreaterThan(3500);
    await setRules({});
    const [counters] = await host.channel.call('domain.interfaceCounters', { domid });
    expect(counters!.drops.filter(({ reason }) => reason === 'rate')).toEqual([]);
    const ring = guests[0]!.spec.interfaces[0]!.sent;
    expect(frameRingCounters(ring).bytes).toBeGreaterThan(1 << 20);
  });

  it('are seen by tcpdump in what is captured of them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'domus-capture-'));
    const path = join(folder, 'eth0.pcap');
    const file = await open(path, 'ax');
    try {
      const { domid } = guests[0]!.spec;
      const counters = new CaptureCounters();
      const spec = {
        domid,
        handle: 0,
        fd: file.fd,
        continues: false,
        maxBytes: 1 << 20,
        counters: counters.buffer,
      };
      const ended = new Promise((resolve) => host.channel.on('capture.ended', resolve));
      await host.channel.call('capture.start', { capture: 'one', ...spec });
      await ask(1, 'ping -c 2 -s 200 10.0.0.1');
      expect(counters.frames).toBeGreaterThanOrEqual(4);
      await ask(1, 'wget -q -O /dev/null http://10.0.0.1:5000/megabyte');
      expect(await ended).toMatchObject({ capture: 'one', reason: expect.any(String) as string });
      await expect(host.channel.call('capture.stop', { capture: 'one' })).rejects.toMatchObject({
        code: 'capture.not-here',
      });
      const text = dissectFile(await readFile(path));
      expect(text).toMatch(/10\.0\.0\.2 > 10\.0\.0\.1: ICMP echo request, .* length 208/);
      expect(text).toMatch(/10\.0\.0\.1 > 10\.0\.0\.2: ICMP echo reply, .* length 208/);
      expect(text).not.toContain('bad cksum');
      expect((await file.stat()).size).toBeLessThanOrEqual(1 << 20);
    } finally {
      await file.close();
      await rm(folder, { recursive: true });
    }
  });

  it('keep their network when the driver is taken away and comes back', async () => {
    for (let turn = 0; turn < 3; turn++) {
      await ask(1, 'echo vif-0 >/sys/bus/xen/drivers/vif/unbind; rmmod xen_netfront');
      await ask(1, setAddress('eth0', '10.0.0.2'));
      expect(await ask(1, 'ping -c 2 -W 5 10.0.0.1 | grep received')).toContain(
        '2 packets received',
      );
    }
  });
});
