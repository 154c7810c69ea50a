/** Networks of Debian guests, through the kernel's own network front end. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guestImage } from './testing/guest-image.ts';
import type { TestDomain } from './testing/test-host.ts';
import { newDomain, newVif, TestHost } from './testing/test-host.ts';

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
        await guest.console.prompt();
        await guest.console.run(
          'dmesg -n 1; until [ -e /sys/class/net/eth0 ]; do usleep 50000; done; ' +
            `ip addr add ${address}/24 dev eth0; ip link set eth0 up`,
        );
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
    await ask(1, 'ip link set eth0 down; ip addr add 10.0.0.3/24 dev eth1; ip link set eth1 up');
    expect(await ask(1, 'ping -c 2 -W 1 10.0.0.1 | grep received')).toContain('0 packets received');
    await host.channel.call('domain.detachInterface', { domid, handle: 1 });
    expect(await ask(1, '[ -e /sys/class/net/eth1 ] || echo gone')).toBe('gone');
    await ask(1, 'ip link set eth0 up');
  });

  it('keep their network when the driver is taken away and comes back', async () => {
    for (let turn = 0; turn < 3; turn++) {
      await ask(1, 'echo vif-0 >/sys/bus/xen/drivers/vif/unbind; rmmod xen_netfront');
      await ask(
        1,
        'until [ -e /sys/class/net/eth0 ]; do usleep 50000; done; ip addr add 10.0.0.2/24 dev eth0; ip link set eth0 up',
      );
      expect(await ask(1, 'ping -c 2 -W 5 10.0.0.1 | grep received')).toContain(
        '2 packets received',
      );
    }
  });
});
