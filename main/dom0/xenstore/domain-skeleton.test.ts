import { describe, expect, it } from 'vitest';
import { consoleDevice } from '../console/console-device.ts';
import { deviceEntries } from '../xenbus/device-definition.ts';
import { dom0Skeleton, domainSkeleton, domainTrees } from './domain-skeleton.ts';
import { GuestDriver } from './testing/guest-driver.ts';
import { skeletonOf } from './testing/skeleton.ts';
import { TestHost } from './testing/test-host.ts';

const UUID = '11111111-2222-3333-4444-555555555555';

function started(): { host: TestHost; guest: GuestDriver } {
  const host = new TestHost();
  host.daemon.writeAll(dom0Skeleton(1_048_576));
  host.daemon.writeAll(domainSkeleton(skeletonOf(3, UUID)));
  host.daemon.writeAll(deviceEntries(3, consoleDevice({ number: 1, name: 'exec' })));
  const guest = new GuestDriver((peer) => host.daemon.introduce(3, peer));
  return { host, guest };
}

describe('the tree of a new domain', () => {
  it('tells the guest what a PVHVM Linux reads', () => {
    const { guest } = started();
    const expected: Readonly<Record<string, string>> = {
      vm: `/vm/${UUID}`,
      name: 'demo',
      domid: '3',
      'cpu/0/availability': 'online',
      'cpu/1/availability': 'offline',
      'memory/static-max': '131072',
      'memory/target': '65536',
      'memory/videoram': '0',
      'store/port': '1',
      'store/ring-ref': '1044476',
      'console/port': '2',
      'console/ring-ref': '1044479',
      'console/limit': '1048576',
      'console/type': 'xenconsoled',
      'control/platform-feature-multiprocessor-suspend': '1',
      'control/platform-feature-xs_reset_watches': '1',
      [`/vm/${UUID}/uuid`]: UUID,
      [`/vm/${UUID}/start_time`]: '1700000000.12',
    };
    for (const [path, value] of Object.entries(expected))
      expect([path, guest.read(path)]).toEqual([path, value]);
  });

  it('lets the guest write where it reports, and nowhere else', () => {
    const { guest } = started();
    const own = [
      'control/shutdown',
      'control/sysrq',
      'control/feature-poweroff',
      'control/feature-suspend',
      'data/x',
      'drivers/0',
      'feature/x',
      'attr/eth0',
      'error/x',
      'device/suspend/event-channel',
    ];
    expect(own.map((path) => guest.write(path, '1'))).toEqual(own.map(() => 'OK'));
    const foreign = [
      'name',
      'domid',
      'vm',
      'memory/target',
      'control/x',
      'device/vbd',
      'cpu/0/availability',
      'console/tty',
      'store/port',
      `/vm/${UUID}/name`,
      'x',
      'platform/acpi',
    ];
    expect(foreign.map((path) => guest.write(path, '1'))).toEqual(foreign.map(() => '!EACCES'));
  });

  it('hides the toolstack’s own notes', () => {
    const { guest, host } = started();
    expect(guest.ls('/libxl/3')).toBe('!EACCES');
    expect(host.daemon.read('/libxl/3/type')).toBe('hvm');
    expect(guest.read('/local/domain/0/name')).toBe('!EACCES');
  });

  it('is removed as a few trees', () => {
    const { host } = started();
    host.daemon.release(3);
    for (const path of domainTrees(3, UUID)) expect(host.daemon.rm(path)).toBe(true);
    expect(host.daemon.ls('/local/domain')).toEqual(['0']);
    expect(host.daemon.check()).toEqual([]);
  });
});

describe('a secondary console', () => {
  it('has two directories that point at each other', () => {
    const { guest } = started();
    const back = guest.read('device/console/1/backend');
    expect(back).toBe('/local/domain/0/backend/console/3/1');
    expect(guest.read(`${back}/frontend`)).toBe('/local/domain/3/device/console/1');
    expect([guest.read('device/console/1/state'), guest.read(`${back}/state`)]).toEqual(['1', '1']);
    expect(guest.read('device/console/1/name')).toBe('exec');
    expect(guest.read(`${back}/protocol`)).toBe('vt100');
  });

  it('lets the guest’s driver write its ring, and not the back end’s side', () => {
    const { guest } = started();
    const tx = guest.begin();
    for (const leaf of ['ring-ref', 'port', 'state']) {
      expect(guest.write(`device/console/1/${leaf}`, '3', tx)).toBe('OK');
    }
    expect(guest.commit(tx)).toBe('OK');
    expect(guest.write('device/console/1/limit', '1')).toBe('!EACCES');
    expect(guest.write('/local/domain/0/backend/console/3/1/state', '4')).toBe('!EACCES');
    expect(guest.read('/local/domain/0/backend/console/3/1/state')).toBe('1');
  });

  it.each([0, 10, 1.5])('cannot have the number %d', (number) => {
    expect(() => consoleDevice({ number, name: 'exec' })).toThrow(RangeError);
  });
});
