import { beforeEach, describe, expect, it } from 'vitest';
import { GuestDriver } from '../testing/guest-driver.ts';
import { TestHost } from '../testing/test-host.ts';
import { XsType } from '../wire.ts';

let host: TestHost;
let guest: GuestDriver;
let client: GuestDriver;
let printed: string[];

beforeEach(() => {
  printed = [];
  host = new TestHost({ print: (text) => printed.push(text) });
  guest = host.guest(5);
  client = host.client();
});

describe('requests for domain 0', () => {
  it.each([
    ['CONTROL', XsType.control, ['print', 'x']],
    ['INTRODUCE', XsType.introduce, ['7', '1', '1']],
    ['RELEASE', XsType.release, ['5']],
    ['IS_DOMAIN_INTRODUCED', XsType.isDomainIntroduced, ['5']],
    ['RESUME', XsType.resume, ['5']],
    ['SET_TARGET', XsType.setTarget, ['5', '6']],
    ['GET_FEATURE of another', XsType.getFeature, ['6']],
    ['SET_FEATURE', XsType.setFeature, ['6', '0']],
    ['GET_QUOTA', XsType.getQuota, []],
    ['SET_QUOTA', XsType.setQuota, ['nodes', '5']],
  ])('refuse guests with EACCES: %s', (_, type, args) => {
    expect(guest.ask(type, args)).toBe('!EACCES');
  });
});

describe('domain requests', () => {
  it('name the path of a domain, for everyone', () => {
    expect(guest.ask(XsType.getDomainPath, ['42'])).toBe('/local/domain/42');
    expect(guest.ask(XsType.getDomainPath, ['x'])).toBe('!EINVAL');
    expect(guest.ask(XsType.getDomainPath, ['65536'])).toBe('!EINVAL');
  });

  it('tell which domains are introduced', () => {
    const introduced = (domid: string) => client.ask(XsType.isDomainIntroduced, [domid]);
    expect([introduced('0'), introduced('5'), introduced('6')]).toEqual(['T', 'T', 'F']);
    expect(introduced('')).toBe('!EINVAL');
  });

  it('reset the connection of a known domain on INTRODUCE', () => {
    guest.watch('data', 't');
    guest.takeEvents();
    expect(client.ask(XsType.introduce, ['5', '-1', '3'])).toBe('OK');
    guest.write('data/x', '1');
    expect(guest.takeEvents()).toEqual([]);
    expect(guest.resets).toBe(1);
  });

  it('ask the host for the ring of an unknown domain on INTRODUCE', () => {
    expect(client.ask(XsType.introduce, ['6', '100', '3'])).toBe('!EINVAL');
    const asked: number[][] = [];
    const peer = { send: () => true };
    const other = new TestHost({
      attach: (...args) => {
        asked.push(args);
        return peer;
      },
    });
    expect(other.client().ask(XsType.introduce, ['6', '100', '3'])).toBe('OK');
    expect(asked).toEqual([[6, 100, 3]]);
    expect(other.daemon.isIntroduced(6)).toBe(true);
  });

  it.each([[['0', '1', '1']], [['6', '1', '0']], [['6', 'x', '1']], [['6', '1']]])(
    'refuse INTRODUCE of %j',
    (args) => {
      expect(client.ask(XsType.introduce, args)).toBe('!EINVAL');
    },
  );

  it('release a domain: its connection ends, its nodes and permissions go', () => {
    guest.write('data/x', '1');
    host.daemon.write('/shared', '');
    host.daemon.setPerms('/shared', ['n0', 'r5', 'r6']);
    client.takeEvents();
    expect(client.ask(XsType.release, ['5'])).toBe('OK');
    expect(guest.ended).toBe('released');
    expect(host.daemon.ls('/local/domain/5')).toEqual(['name']);
    expect(host.daemon.getPerms('/shared')).toEqual(['n0', 'r6']);
    expect(host.daemon.check()).toEqual([]);
    expect(client.ask(XsType.release, ['5'])).toBe('!ENOENT');
    expect(client.ask(XsType.release, ['0'])).toBe('!EINVAL');
  });

  it('give a domain the rights of its target until that is released', () => {
    const stub = host.guest(6);
    expect(stub.write('/local/domain/5/data/x', '1')).toBe('!EACCES');
    expect(client.ask(XsType.setTarget, ['6', '5'])).toBe('OK');
    expect(stub.write('/local/domain/5/data/x', '1')).toBe('OK');
    expect(client.ask(XsType.setTarget, ['6', '9'])).toBe('!ENOENT');
    host.daemon.release(5);
    expect(stub.read('/local/domain/5/name')).toBe('!EACCES');
  });

  it('offer features that can be taken away before a domain is introduced', () => {
    expect(guest.ask(XsType.getFeature, [])).toBe('7');
    expect(client.ask(XsType.setFeature, ['6', '2'])).toBe('OK');
    expect(client.ask(XsType.getFeature, ['6'])).toBe('2');
    expect(client.ask(XsType.setFeature, ['5', '2'])).toBe('!EBUSY');
    expect(client.ask(XsType.setFeature, ['6', '256'])).toBe('!EINVAL');
    const limited = host.guest(6);
    expect(limited.watch('data', 't', 1)).toBe('!EINVAL');
    expect(limited.watch('data', 't')).toBe('OK');
    expect(host.daemon.features(6)).toBe(2);
  });

  it('show and change quotas', () => {
    expect(client.ask(XsType.getQuota, [])).toContain('nodes watches outstanding');
    expect(client.ask(XsType.getQuota, ['watches'])).toBe('128');
    expect(client.ask(XsType.setQuota, ['5', 'watches', '1'])).toBe('OK');
    expect(client.ask(XsType.getQuota, ['5', 'watches'])).toBe('1');
    expect(client.ask(XsType.getQuota, ['6', 'watches'])).toBe('128');
    expect(client.ask(XsType.getQuota, ['flux'])).toBe('!EINVAL');
    expect(client.ask(XsType.setQuota, ['nodes', '-1'])).toBe('!EINVAL');
    guest.watch('data', 'a');
    expect(guest.watch('data', 'b')).toBe('!ENOSPC');
  });
});

describe('CONTROL', () => {
  const control = (...args: string[]) => client.ask(XsType.control, args);

  it('prints, checks and reports', () => {
    expect(control('print', 'hello')).toBe('OK');
    expect(control('check')).toBe('OK');
    expect(printed).toEqual(['hello']);
    expect(control('memreport')).toBe('OK');
    expect(printed.join('\n')).toMatch(/domain 5: \d+ bytes, 1 nodes, 0 watches/);
    expect(control('help')).toMatch(/^check[^]*quota/);
  });

  it('shows and sets quotas', () => {
    expect(control('quota')).toContain('node-size        :     2048 Max. size of a node');
    expect(control('quota', 'set', 'nodes', '7')).toBe('OK');
    expect(control('quota')).toContain('nodes            :        7');
    expect(control('quota', '5')).toContain('Domain 5:\nnodes            :        1');
  });

  it('refuses what it does not know', () => {
    expect(control('explode')).toBe('!EINVAL');
    expect(control('toString')).toBe('!EINVAL');
    expect(client.raw(XsType.control, '')).toBe('!EINVAL');
    expect(control('quota', 'set', 'nodes', '0')).toBe('!EINVAL');
    expect(control('print')).toBe('!EINVAL');
  });
});

describe('a domain that is introduced again', () => {
  it('gets a fresh connection in place of the old one', () => {
    guest.watch('data', 't');
    const again = new GuestDriver((peer) => host.daemon.introduce(5, peer));
    expect(guest.ended).toBe('released');
    expect(again.read('name')).toBe('guest-5');
    expect(host.daemon.stats(5)?.usage.watches).toBe(0);
  });
});
