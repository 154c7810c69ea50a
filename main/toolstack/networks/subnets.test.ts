import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { broadcastOf, contains, formatSubnet } from '../../dom0/network/index.ts';
import type { Neighbour } from './subnets.ts';
import { freeSubnet, gatewayOf, known, requireUsable } from './subnets.ts';

const named = (...subnets: string[]): Neighbour[] =>
  subnets.map((subnet, n) => ({ name: `net${n}`, subnet }));

function refusal(text: string, others: Neighbour[] = []): { code: string; message: string } {
  try {
    requireUsable(text, others);
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error(`${text} was not refused`);
}

describe('a subnet that is asked for', () => {
  test.each(['10.0.0.0/8', '10.77.0.0/24', '172.31.255.248/29', '192.168.0.0/16'])(
    '%s is taken',
    (text) => expect(formatSubnet(requireUsable(text, []))).toBe(text),
  );

  test.each([
    ['8.8.8.0/24', 'it is not private'],
    ['172.32.0.0/16', 'it is not private'],
    ['10.0.0.0/7', 'it is not private'],
    ['0.0.0.0/0', 'it is not private'],
    ['127.0.0.0/8', 'it is not private'],
    ['10.1.0.0/30', 'at least a /29'],
    ['10.1.0.0/32', 'at least a /29'],
    ['10.1.0.7/24', 'did you mean 10.1.0.0/24?'],
  ])('%s is refused: %s', (text, why) => {
    expect(refusal(text)).toMatchObject({
      code: 'network.bad-subnet',
      message: expect.stringContaining(why) as string,
    });
  });

  test.each([
    ['10.1.0.0/16', '10.1.2.0/24'],
    ['10.1.2.0/24', '10.1.0.0/16'],
    ['10.1.2.0/24', '10.1.2.0/24'],
  ])('%s beside %s is refused, and names the network', (text, other) => {
    expect(refusal(text, named('10.9.0.0/24', other))).toMatchObject({
      code: 'network.subnet-overlaps',
      data: { subnet: text, network: 'net1' },
    });
  });
});

describe('a subnet that nobody chose', () => {
  test('is the first /24 that is free', () => {
    expect(formatSubnet(freeSubnet([]))).toBe('10.77.0.0/24');
    const others = named('10.77.0.0/24', '10.77.1.128/25', '10.77.2.0/23');
    expect(formatSubnet(freeSubnet(others))).toBe('10.77.4.0/24');
  });

  test('is none where all are taken', () => {
    expect(() => freeSubnet(named('10.0.0.0/8'))).toThrow(
      expect.objectContaining({ code: 'network.no-subnet-left' }),
    );
  });

  test('never overlaps what is there, and is itself usable', () => {
    const text = fc
      .tuple(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 22, max: 29 }))
      .map(([low, length]) => {
        const base = 0x0a4d_0000 + low - (low % 2 ** (32 - length));
        return formatSubnet({ base, prefixLength: length });
      });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), (texts) => {
        const others = named(...texts);
        const free = freeSubnet(others);
        expect(requireUsable(formatSubnet(free), others)).toEqual(free);
        for (const { subnet } of others) {
          const other = known(subnet);
          expect(contains(other, free.base) || contains(free, other.base)).toBe(false);
        }
      }),
    );
  });
});

test('the gateway has the first address of a network', () => {
  const subnet = known('192.168.7.8/29');
  expect(gatewayOf(subnet)).toBe(subnet.base + 1);
  expect(gatewayOf(subnet)).toBeLessThan(broadcastOf(subnet));
});
