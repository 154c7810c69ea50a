import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NewInterface } from '../../../shared/contract/index.ts';
import { CreateDomain } from '../../../shared/contract/index.ts';
import { broadcastOf, contains, parseIpv4 } from '../../dom0/network/index.ts';
import type { InterfaceDefinition } from '../store/interface-table.ts';
import { Store } from '../store/store.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { NetworkRegistry } from './network-registry.ts';
import type { Holder, InterfacePlace } from './plan-interfaces.ts';
import { planInterfaces } from './plan-interfaces.ts';
import { gatewayOf, known } from './subnets.ts';

interface Place extends InterfacePlace {
  taken: Holder[];
}

function place(...networks: [name: string, subnet: string][]): Place {
  const { store } = Store.open(`${temporaryFolder()}/domus.db`);
  const registry = new NetworkRegistry(store.networks);
  for (const [name, subnet] of networks) registry.add({ name, subnet });
  const taken: Holder[] = [];
  return { taken, network: (name) => registry.get(name), holders: () => taken };
}

const LAN: [string, string] = ['lan', '10.1.0.0/29'];

function plan(at: Place, domain: string, ...asked: NewInterface[]): InterfaceDefinition[] {
  const present = at.taken.filter((one) => one.domain === domain).map((one) => one.definition);
  const planned = planInterfaces(at, domain, present, asked);
  at.taken.push(...planned.map((definition) => ({ domain, isDeleted: false, definition })));
  return planned;
}

function refusal(work: () => unknown): { code: string; message: string } {
  try {
    work();
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('it was not refused');
}

describe('what becomes of an interface that is asked for', () => {
  test('the first free number and address, and a MAC of Xen’s', () => {
    const at = place(LAN, ['other', '10.2.0.0/24']);
    const [one, two] = plan(at, 'web1', { network: 'lan' }, { network: 'other' });
    expect(one).toMatchObject({ handle: 0, network: 'lan', address: '10.1.0.2', linkUp: true });
    expect(two).toMatchObject({ handle: 1, network: 'other', address: '10.2.0.2' });
    expect(one!.mac).toMatch(/^00:16:3e:[0-7][0-9a-f](:[0-9a-f]{2}){2}$/);
    expect(plan(at, 'web2', { network: 'lan' })[0]).toMatchObject({ address: '10.1.0.3' });
  });

  test('what was chosen, written in one way', () => {
    const at = place(LAN);
    const asked = { network: 'lan', mac: '00:16:3E:AA:bb:0C', address: '10.1.0.6' };
    expect(plan(at, 'web1', asked)[0]).toMatchObject({
      mac: '00:16:3e:aa:bb:0c',
      address: '10.1.0.6',
    });
  });

  test('the number that was detached', () => {
    const at = place(LAN);
    plan(at, 'web1', { network: 'lan' }, { network: 'lan' }, { network: 'lan' });
    at.taken.splice(1, 1);
    expect(plan(at, 'web1', { network: 'lan' })[0]).toMatchObject({
      handle: 1,
      address: '10.1.0.3',
    });
  });

  test('a refusal that says of what', () => {
    const at = place(LAN);
    plan(at, 'db1', { network: 'lan', mac: '00:16:3e:00:00:01' });
    const cases: [NewInterface, string, string][] = [
      [{ network: 'nowhere' }, 'network.unknown', 'Known: lan'],
      [{ network: 'lan', mac: '01:16:3e:00:00:01' }, 'interface.bad-mac', 'a group’s'],
      [{ network: 'lan', mac: 'ff:ff:ff:ff:ff:ff' }, 'interface.bad-mac', 'a group’s'],
      [{ network: 'lan', mac: '00:00:00:00:00:00' }, 'interface.bad-mac', 'no station’s'],
      [{ network: 'lan', mac: '02:64:6f:00:00:01' }, 'interface.bad-mac', 'gateways’'],
      [
        { network: 'lan', mac: '00:16:3E:00:00:01' },
        'interface.mac-taken',
        'interface 0 of domain db1',
      ],
      [{ network: 'lan', address: '10.2.0.2' }, 'interface.bad-address', 'not of network lan'],
      [{ network: 'lan', address: '10.1.0.0' }, 'interface.bad-address', 'the network’s own'],
      [{ network: 'lan', address: '10.1.0.1' }, 'interface.bad-address', 'its gateway’s'],
      [{ network: 'lan', address: '10.1.0.7' }, 'interface.bad-address', 'the network’s own'],
      [
        { network: 'lan', address: '10.1.0.2' },
        'interface.address-taken',
        'interface 0 of domain db1',
      ],
    ];
    for (const [asked, code, words] of cases) {
      const refused = refusal(() => plan(at, 'web1', asked));
      expect({ asked, code: refused.code }).toEqual({ asked, code });
      expect(refused.message).toContain(words);
    }
  });

  test('an address that a deleted domain keeps is not given away', () => {
    const at = place(LAN);
    plan(at, 'web1', { network: 'lan' });
    at.taken[0]!.isDeleted = true;
    const refused = refusal(() => plan(at, 'web2', { network: 'lan', address: '10.1.0.2' }));
    expect(refused.message).toContain('which was deleted but can be taken back');
    expect(plan(at, 'web2', { network: 'lan' })[0]!.address).toBe('10.1.0.3');
  });

  test('as many as a network and a domain have room for', () => {
    const at = place(LAN, ['large', '10.2.0.0/24']);
    for (let n = 0; n < 5; n++) plan(at, `web${n}`, { network: 'lan' });
    expect(refusal(() => plan(at, 'web9', { network: 'lan' })).code).toBe('network.full');
    const eight = Array.from({ length: 8 }, () => ({ network: 'large' }));
    plan(at, 'db', ...eight);
    expect(refusal(() => plan(at, 'db', { network: 'large' })).code).toBe('interface.too-many');
  });

  test('whatever comes and goes: no address or MAC twice, all of their network’s guests', () => {
    const step = fc.record({
      domain: fc.nat(4),
      network: fc.constantFrom('lan', 'other'),
      goes: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const at = place(LAN, ['other', '10.2.0.0/28']);
        for (const { domain, network, goes } of steps) {
          const name = `d${domain}`;
          const has = at.taken.findIndex((one) => one.domain === name);
          if (goes && has >= 0) at.taken.splice(has, 1);
          else {
            try {
              plan(at, name, { network });
            } catch (error) {
              expect((error as { code: string }).code).toMatch(/network\.full|interface\.too-many/);
            }
          }
        }
        const all = at.taken.map(({ definition }) => definition);
        expect(new Set(all.map(({ mac }) => mac)).size).toBe(all.length);
        expect(new Set(all.map(({ network, address }) => `${network} ${address}`)).size).toBe(
          all.length,
        );
        for (const { network, address } of all) {
          const subnet = known(at.network(network).subnet);
          const value = parseIpv4(address)!;
          expect(contains(subnet, value)).toBe(true);
          expect(value).toBeGreaterThan(gatewayOf(subnet));
          expect(value).toBeLessThan(broadcastOf(subnet));
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('the contract refuses an interface', () => {
  test.each([
    {},
    { network: '' },
    { network: '../lan' },
    { network: 'lan', mac: '00:16:3e:00:00' },
    { network: 'lan', mac: '00163e000001' },
    { network: 'lan', address: '10.0.0' },
    { network: 'lan', address: '10.0.0.256' },
    { network: 'lan', address: '010.0.0.1' },
    { network: 'lan', address: '10.0.0.1/24' },
  ])('%j', (one) => {
    expect(CreateDomain.safeParse({ name: 'web1', interfaces: [one] }).success).toBe(false);
  });
});
