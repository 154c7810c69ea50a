import { describe, expect, test } from 'vitest';
import { Store } from '../store/store.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { NetworkRegistry, networkView } from './network-registry.ts';

const open = (path: string): NetworkRegistry =>
  new NetworkRegistry(Store.open(path).store.networks);
const fresh = (): NetworkRegistry => open(`${temporaryFolder()}/domus.db`);

const code = (wanted: string): unknown => expect.objectContaining({ code: wanted });

describe('networks', () => {
  test('are isolated, and have what nobody chose, unless somebody does', () => {
    const networks = fresh();
    expect(networkView(networks.add({ name: 'lan' }))).toEqual({
      name: 'lan',
      kind: 'isolated',
      subnet: '10.77.0.0/24',
      gateway: '10.77.0.1',
      mtu: 1500,
      reachesMachine: false,
    });
    const asked = {
      kind: 'outside',
      subnet: '192.168.4.0/22',
      mtu: 9000,
      reachesMachine: true,
    } as const;
    expect(networkView(networks.add({ name: 'wan', ...asked }))).toEqual({
      name: 'wan',
      ...asked,
      gateway: '192.168.4.1',
    });
  });

  test('are as they were when the site is opened again, and no number is used twice', () => {
    const path = `${temporaryFolder()}/domus.db`;
    const networks = open(path);
    const [one, two] = [networks.add({ name: 'one' }), networks.add({ name: 'two' })];
    networks.remove(two);
    networks.set('one', { kind: 'outside', reachesMachine: true });
    const again = open(path);
    expect(again.all()).toEqual([{ ...one, kind: 'outside', reachesMachine: true }]);
    expect(again.add({ name: 'two' }).number).toBeGreaterThan(two.number);
  });

  test('are found by name, or the error names those that there are', () => {
    const networks = fresh();
    expect(() => networks.get('lan')).toThrow(/domus network add NAME/);
    networks.add({ name: 'lan' });
    expect(() => networks.get('wan')).toThrow(/There is no network wan. Known: lan\./);
    expect(() => networks.add({ name: 'LAN' })).toThrow(code('network.exists'));
  });

  test('let guests reach this machine only where they reach the outside', () => {
    const networks = fresh();
    expect(() => networks.add({ name: 'lan', reachesMachine: true })).toThrow(
      code('network.not-outside'),
    );
    expect(networks.all()).toEqual([]);
    networks.add({ name: 'lan', kind: 'outside', reachesMachine: true });
    expect(() => networks.set('lan', { kind: 'routed', reachesMachine: true })).toThrow(
      code('network.not-outside'),
    );
    expect(networks.set('lan', { kind: 'routed' })).toMatchObject({ reachesMachine: false });
    expect(networks.set('lan', { kind: 'outside' })).toMatchObject({ reachesMachine: false });
  });
});
