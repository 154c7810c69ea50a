import { beforeEach, describe, expect, it } from 'vitest';
import { consoleDevice } from '../console/console-device.ts';
import { deviceEntries } from '../xenbus/device-definition.ts';
import { domainSkeleton } from './domain-skeleton.ts';
import type { DomainState } from './domain-state.ts';
import { XenstoreError } from './errno.ts';
import { GuestDriver } from './testing/guest-driver.ts';
import { skeletonOf } from './testing/skeleton.ts';
import { TestHost } from './testing/test-host.ts';
import { encodeMessage } from './codec.ts';
import { XsType } from './wire.ts';

const UUID = '11111111-2222-3333-4444-555555555555';
const CLONE = { domid: 9, uuid: '99999999-2222-3333-4444-555555555555', name: 'copy' };

let source: TestHost;
let target: TestHost;
let guest: GuestDriver;

beforeEach(() => {
  source = new TestHost();
  target = new TestHost();
  source.daemon.writeAll(domainSkeleton(skeletonOf(5, UUID)));
  source.daemon.writeAll(deviceEntries(5, consoleDevice({ number: 1, name: 'exec' })));
  guest = new GuestDriver((peer) => source.daemon.introduce(5, peer));
});

/** Everything a store holds, as `path = value (perms)`. */
function dump({ daemon }: TestHost, path = '/'): string[] {
  const below = daemon.ls(path) ?? [];
  const value = Buffer.from(daemon.readBytes(path) ?? []).toString('latin1');
  return [
    `${path} = ${value} (${daemon.getPerms(path)?.join(',')})`,
    ...below.flatMap((leaf) =>
      dump({ daemon } as TestHost, path === '/' ? `/${leaf}` : `${path}/${leaf}`),
    ),
  ];
}

/** Carries a state as a file or a link would: as text. */
function carry(state: DomainState): unknown {
  return JSON.parse(JSON.stringify(state));
}

function move(state = source.daemon.exportDomain(5)): GuestDriver {
  source.daemon.release(5);
  return new GuestDriver((peer) => target.daemon.importDomain(carry(state), peer));
}

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof XenstoreError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('a domain that moves to another store', () => {
  it('finds all its nodes, with values of any bytes, and permissions', () => {
    guest.raw(XsType.write, Buffer.from([...Buffer.from('data/bin\0'), 0, 255, 10]));
    guest.write('data/x', '1');
    guest.setPerms('data/x', ['r5', 'b7']);
    const own = (lines: string[]) =>
      lines.filter((line) => /^\/(local\/domain\/(5|0\/backend)|vm|libxl)\//.test(line)).sort();
    const before = own(dump(source));
    expect(before.length).toBeGreaterThan(70);
    move();
    expect(own(dump(target))).toEqual(before);
    expect(target.daemon.check()).toEqual([]);
  });

  it('keeps its watches, relative ones too, without hearing them again', () => {
    guest.watch('data', 'relative');
    guest.watch('/local/domain/0/backend/console/5/1/state', 'absolute');
    guest.watch('data', 'deep\xff', 1);
    guest.takeEvents();
    const moved = move();
    expect(moved.takeEvents()).toEqual([]);
    moved.write('data/a/b', '1');
    target.daemon.write('/local/domain/0/backend/console/5/1/state', '4');
    expect(moved.takeEvents()).toEqual([
      ['data/a/b', 'relative'],
      ['/local/domain/0/backend/console/5/1/state', 'absolute'],
    ]);
    moved.write('data/a', '1');
    expect(moved.takeEvents()).toContainEqual(['data/a', 'deep\xff']);
  });

  it('goes on with half a request, and gets what it had not been given', () => {
    guest.watch('data', 't');
    guest.reading = false;
    guest.takeEvents();
    guest.read('name'); // given, and the pipe is full
    const waiting = guest.post(XsType.read, 'domid\0');
    guest.post(XsType.write, 'data/x\x001');
    const half = encodeMessage(XsType.read, 777, 0, 'vm\0');
    guest.connection.receive(half.subarray(0, 18));
    const undelivered = encodeMessage(XsType.read, 555, 0, 'earlier').subarray(5);
    const moved = new (class extends GuestDriver {
      readonly stream: Buffer[] = [];
      override send(bytes: Uint8Array): boolean {
        // At the time of the constructor's import the field is not there yet.
        (this.stream ?? early).push(Buffer.from(bytes));
        return true;
      }
    })((peer) => {
      const state = source.daemon.exportDomain(5, { undelivered });
      return target.daemon.importDomain(carry(state), peer);
    });
    moved.connection.receive(half.subarray(18));
    const stream = Buffer.concat([...early, ...moved.stream]);
    expect(stream.subarray(0, undelivered.length)).toEqual(undelivered);
    const rest = stream.subarray(undelivered.length).toString('latin1');
    expect(rest).toContain(encodeMessage(XsType.read, waiting, 0, '5').toString('latin1'));
    expect(rest).toContain('data/x\0t\0');
    expect(
      rest.endsWith(encodeMessage(XsType.read, 777, 0, `/vm/${UUID}`).toString('latin1')),
    ).toBe(true);
  });
  const early: Buffer[] = [];

  it('goes on with its open transactions', () => {
    guest.write('data/old', '1');
    const tx = guest.begin();
    guest.write('data/x', 'in tx', tx);
    guest.rm('data/old', tx);
    const moved = move();
    expect(moved.begin()).not.toBe(tx);
    expect(moved.read('data/x', tx)).toBe('in tx');
    expect(moved.read('data/x')).toBe('!ENOENT');
    moved.watch('data', 't');
    moved.takeEvents();
    expect(moved.commit(tx)).toBe('OK');
    expect(moved.ls('data')).toEqual(['x']);
    expect(moved.takeEvents()).toEqual([
      ['data/x', 't'],
      ['data/old', 't'],
    ]);
    expect(target.daemon.check()).toEqual([]);
  });

  it('gets EAGAIN for a transaction that was in conflict, or had looked at other trees', () => {
    const conflict = guest.begin();
    guest.read('data', conflict);
    guest.write('data', 'changed');
    source.daemon.write('/tool/x', '1');
    source.daemon.setPerms('/tool/x', ['r0']);
    const elsewhere = guest.begin();
    guest.read('/tool/x', elsewhere);
    const moved = move();
    expect(moved.commit(conflict)).toBe('!EAGAIN');
    expect(moved.commit(elsewhere)).toBe('!EAGAIN');
    expect(target.daemon.stats(5)?.usage.transactions).toBe(0);
  });

  it('is announced, and replaces what was there under its name', () => {
    target.daemon.write('/local/domain/5/stale', '1');
    const client = target.client();
    client.watch('@introduceDomain', 'i');
    client.watch('/local/domain/5/name', 'n');
    client.takeEvents();
    move();
    expect(client.takeEvents()).toEqual([
      ['/local/domain/5/name', 'n'],
      ['@introduceDomain', 'i'],
    ]);
    expect(target.daemon.exists('/local/domain/5/stale')).toBe(false);
  });

  it('keeps its quotas, and stays cut off if it was', () => {
    source.daemon.setQuota(5, { watches: 1 });
    const moved = move();
    expect(target.daemon.stats(5)?.limits.watches).toBe(1);
    moved.connection.receive(new Uint8Array(16).fill(255));
    expect(moved.ended).toBe('oversize-message');
    const state = target.daemon.exportDomain(5);
    expect(state.connection).toBeNull();
    const again = new GuestDriver((peer) => source.daemon.importDomain(carry(state), peer));
    expect(again.ended).toBe('oversize-message');
  });

  it('cannot be where it is already, nor be exported where it is not', () => {
    const state = source.daemon.exportDomain(5);
    expect(refusal(() => source.daemon.importDomain(state, { send: () => true }))).toMatch(
      /^EISCONN/,
    );
    expect(refusal(() => target.daemon.exportDomain(5))).toMatch(/^ENOENT/);
  });
});

describe('a clone', () => {
  const clone = (): GuestDriver =>
    new GuestDriver((peer) =>
      source.daemon.importDomain(carry(source.daemon.exportDomain(5)), peer, { identity: CLONE }),
    );

  it('has a name, UUID and domid of its own beside the original', () => {
    const copy = clone();
    expect(copy.read('name')).toBe('copy');
    expect(copy.read('domid')).toBe('9');
    expect(copy.read('vm')).toBe(`/vm/${CLONE.uuid}`);
    expect(copy.read(`/vm/${CLONE.uuid}/uuid`)).toBe(CLONE.uuid);
    expect(copy.read(`/vm/${CLONE.uuid}/name`)).toBe('copy');
    expect(copy.read('memory/target')).toBe(guest.read('memory/target'));
    expect(guest.read('name')).toBe('demo');
    expect(source.daemon.check()).toEqual([]);
  });

  it('shows nothing of the original', () => {
    guest.write('data/machine-id', 'abc');
    guest.write('attr/eth0/ip', '10.0.0.5');
    guest.write('error/device/vbd/1/error', '5');
    source.daemon.write('/local/domain/5/control/shutdown', 'suspend');
    source.daemon.writeAll([
      { path: '/local/domain/5/device/vif/0/mac', value: '00:16:3e:01:02:03', perms: ['n5', 'r0'] },
      {
        path: '/local/domain/0/backend/vif/5/0/mac',
        value: '00:16:3e:01:02:03',
        perms: ['n0', 'r5'],
      },
    ]);
    const copy = clone();
    const lines = dump(source).filter((line) =>
      /\/(domain|libxl|console|vif)\/9[/ ]|99999999/.test(line),
    );
    expect(lines.length).toBeGreaterThan(60);
    expect(
      lines.filter((line) => /demo|11111111|machine-id|10\.0|00:16|suspend$/.test(line)),
    ).toEqual([]);
    expect(lines.filter((line) => /[nrwb]5\b|domain\/5\b|\/5\//.test(line))).toEqual([]);
    expect(copy.ls('data')).toEqual([]);
    expect(copy.read('control/shutdown')).toBe('');
    expect(copy.ls('device')).toEqual(['suspend', 'console']);
  });

  it('has its console’s two ends point at each other', () => {
    const copy = clone();
    const back = copy.read('device/console/1/backend');
    expect(back).toBe('/local/domain/0/backend/console/9/1');
    expect(copy.read(`${back}/frontend`)).toBe('/local/domain/9/device/console/1');
    expect(copy.read(`${back}/frontend-id`)).toBe('9');
    expect(copy.perms('device/console/1/state')).toBe('n9 r0');
  });

  it('has the original’s watches on its own nodes', () => {
    guest.watch('data', 'relative');
    guest.watch('/local/domain/5/control/shutdown', 'absolute');
    const copy = clone();
    source.daemon.write('/local/domain/9/control/shutdown', 'poweroff');
    copy.write('data/x', '1');
    expect(copy.takeEvents()).toEqual([
      ['/local/domain/9/control/shutdown', 'absolute'],
      ['data/x', 'relative'],
    ]);
    guest.takeEvents();
    source.daemon.write('/local/domain/5/control/shutdown', 'poweroff');
    expect(copy.takeEvents()).toEqual([]);
    expect(guest.takeEvents()).toHaveLength(1);
  });

  describe('that keeps its devices', () => {
    const OLD_BACK = '/local/domain/0/backend/vbd/5/51712';
    const NEW_BACK = '/local/domain/0/backend/vbd/9/51712';
    const keeping = { ...CLONE, keepsDevices: true, macs: new Map([[0, '00:16:3e:00:00:09']]) };
    const copied = (identity = keeping, state = source.daemon.exportDomain(5)): GuestDriver =>
      new GuestDriver((peer) => source.daemon.importDomain(carry(state), peer, { identity }));

    beforeEach(() => {
      const disk = { frontend: '/local/domain/5/device/vbd/51712', back: OLD_BACK };
      source.daemon.writeAll([
        { path: `${disk.frontend}/backend`, value: OLD_BACK, perms: ['n5', 'r0'] },
        { path: `${disk.frontend}/state`, value: '4', perms: ['n5', 'r0'] },
        { path: `${OLD_BACK}/state`, value: '4', perms: ['n0', 'r5'] },
        { path: `${OLD_BACK}/frontend`, value: disk.frontend, perms: ['n0', 'r5'] },
        {
          path: '/local/domain/5/device/vif/0/mac',
          value: '00:16:3e:00:00:05',
          perms: ['n5', 'r0'],
        },
      ]);
      guest.watch(`${OLD_BACK}/state`, 'otherend');
      guest.takeEvents();
    });

    it('finds its own back ends by the paths that its drivers hold', () => {
      const copy = copied();
      expect(copy.read('device/vbd/51712/backend')).toBe(NEW_BACK);
      expect(copy.read('device/vif/0/mac')).toBe('00:16:3e:00:00:09');
      source.daemon.write(`${OLD_BACK}/state`, '5');
      expect(copy.read(`${OLD_BACK}/state`)).toBe('4');
      expect(copy.read(`${NEW_BACK}/state`)).toBe('4');
      expect(guest.takeEvents()).toEqual([[`${OLD_BACK}/state`, 'otherend']]);
      expect(copy.takeEvents()).toEqual([]);
      source.daemon.write(`${NEW_BACK}/state`, '6');
      expect(copy.read(`${OLD_BACK}/state`)).toBe('6');
      expect(copy.takeEvents()).toEqual([[`${OLD_BACK}/state`, 'otherend']]);
      expect(guest.takeEvents()).toEqual([]);
      copy.unwatch(`${OLD_BACK}/state`, 'otherend');
      copy.watch(`${OLD_BACK}/state`, 'anew');
      expect(copy.takeEvents()).toEqual([[`${OLD_BACK}/state`, 'anew']]);
      expect(source.daemon.check()).toEqual([]);
    });

    it('still does when it is copied again, or moves', () => {
      copied();
      const again = { ...keeping, domid: 12, uuid: '12121212-2222-3333-4444-555555555555' };
      const second = copied(again, source.daemon.exportDomain(9));
      source.daemon.write('/local/domain/0/backend/vbd/12/51712/state', '2');
      expect(second.read(`${OLD_BACK}/state`)).toBe('2');
      expect(second.read(`${NEW_BACK}/state`)).toBe('2');
      const state = source.daemon.exportDomain(12);
      const moved = new GuestDriver((peer) => target.daemon.importDomain(carry(state), peer));
      target.daemon.write('/local/domain/0/backend/vbd/12/51712/state', '3');
      expect(moved.read(`${OLD_BACK}/state`)).toBe('3');
      expect(moved.takeEvents()).toContainEqual([`${OLD_BACK}/state`, 'otherend']);
    });
  });

  it('is refused of a domain in the middle of a request', () => {
    guest.connection.receive(new Uint8Array(3));
    expect(refusal(clone)).toMatch(/^EBUSY.*let it run for a moment/);
    expect(source.daemon.isIntroduced(9)).toBe(false);
    expect(source.daemon.exists('/local/domain/9')).toBe(false);
  });

  it('needs a UUID', () => {
    const state = source.daemon.exportDomain(5);
    const identity = { ...CLONE, uuid: '../../tool' };
    expect(
      refusal(() => source.daemon.importDomain(state, { send: () => true }, { identity })),
    ).toMatch(/^EINVAL.*UUID/);
  });
});

describe('a saved domain that is not sound', () => {
  const damages: Readonly<Record<string, (state: DomainState) => unknown>> = {
    'is not an object': () => 'state',
    'has another version': (state) => ({ ...state, version: 2 }),
    'has unknown fields': (state) => ({ ...state, extra: 1 }),
    'lacks its nodes': ({ nodes: _, ...state }) => state,
    'claims another domain’s tree': (state) => ({
      ...state,
      roots: [...state.roots, '/local/domain/7'],
    }),
    'claims the root': (state) => ({ ...state, roots: ['/'] }),
    'claims a foreign /vm tree': (state) => ({ ...state, roots: [...state.roots, '/vm/other'] }),
    'has a node outside of its trees': (state) => ({
      ...state,
      nodes: [...state.nodes, { path: '/tool/x', value: '', perms: ['n0'] }],
    }),
    'has a malformed path': (state) => ({
      ...state,
      nodes: [{ path: '/local/domain/5/../7', value: '', perms: ['n0'] }],
    }),
    'has malformed permissions': (state) => ({
      ...state,
      nodes: state.nodes.map((node) => ({ ...node, perms: ['n99999'] })),
    }),
    'has a value that is no base64': (state) => ({
      ...state,
      nodes: [{ path: '/local/domain/5', value: '!', perms: ['n0'] }],
    }),
    'has output that is no message': (state) => ({
      ...state,
      connection: { ...state.connection, output: ['AAAA'] },
    }),
    'is of domain 0': (state) => ({ ...state, domid: 0, roots: [], nodes: [] }),
  };

  it.each(Object.keys(damages))('is refused and changes nothing if it %s', (name) => {
    const damaged = damages[name]?.(source.daemon.exportDomain(5));
    const before = dump(target);
    expect(refusal(() => target.daemon.importDomain(damaged, { send: () => true }))).toMatch(
      /^EINVAL/,
    );
    expect(dump(target)).toEqual(before);
    expect(target.daemon.isIntroduced(5)).toBe(false);
  });

  it('costs no more to refuse for all that is wrong with it', () => {
    const state = source.daemon.exportDomain(5);
    const nested = Array.from({ length: 2000 }, () => new Array<number>(2000).fill(0));
    const take = (): unknown =>
      target.daemon.importDomain({ ...state, roots: nested }, { send: () => true });
    const before = process.memoryUsage().heapUsed;
    expect(refusal(take)).toMatch(/^EINVAL: .*more than a domain has/);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 << 20);
  });

  it('cannot break the tree by a transaction that would', () => {
    const tx = guest.begin();
    guest.write('data/x', '1', tx);
    const state = source.daemon.exportDomain(5);
    for (const access of state.connection?.transactions[0]?.accesses ?? []) {
      access.node?.children.push('ghost');
    }
    const moved = move(state);
    expect(moved.commit(tx)).toBe('!EAGAIN');
    expect(target.daemon.check()).toEqual([]);
  });
});
