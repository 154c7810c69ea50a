import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccessRule } from '../../../shared/contract/index.ts';
import { accessRule, ruleText } from './access-rule.ts';

const all = { protocol: 'any', remote: null, remotePorts: null, localPorts: null } as const;

describe('a rule', () => {
  it.each([
    ['allow in', { action: 'allow', direction: 'in', ...all }],
    ['deny  out icmp', { action: 'deny', direction: 'out', ...all, protocol: 'icmp' }],
    ['deny out 10.0.0.7', { action: 'deny', direction: 'out', ...all, remote: '10.0.0.7/32' }],
    [
      'deny out tcp 10.0.0.0/8:22',
      {
        action: 'deny',
        direction: 'out',
        ...all,
        protocol: 'tcp',
        remote: '10.0.0.0/8',
        remotePorts: [22, 22],
      },
    ],
    [
      'allow in tcp local 80-443',
      { action: 'allow', direction: 'in', ...all, protocol: 'tcp', localPorts: [80, 443] },
    ],
    [
      'allow out udp :53 local 1024-65535',
      {
        action: 'allow',
        direction: 'out',
        ...all,
        protocol: 'udp',
        remotePorts: [53, 53],
        localPorts: [1024, 65_535],
      },
    ],
  ] as const)('%s', (text, rule) => {
    expect(accessRule('net set', text)).toEqual(rule);
  });

  it.each([
    '',
    'allow',
    'permit in',
    'allow sideways',
    'allow in tcp local',
    'allow in tcp local 0',
    'allow in tcp local 443-80',
    'allow in tcp :65536',
    'allow in tcp 10.0.0.1:22:23',
    'allow in icmp :22',
    'allow in tcp 10.0.0.1 10.0.0.2',
  ])('is not %j', (text) => {
    expect(() => accessRule('net set', text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it('is read as it is written', () => {
    const ports = fc
      .tuple(fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 1, max: 65_535 }))
      .map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]);
    const rule = fc.record({
      action: fc.constantFrom('allow', 'deny'),
      direction: fc.constantFrom('in', 'out'),
      protocol: fc.constantFrom('any', 'tcp', 'udp'),
      remote: fc.option(
        fc
          .tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }))
          .map(([ip, length]) => `${ip}/${length}`),
      ),
      remotePorts: fc.option(ports),
      localPorts: fc.option(ports),
    });
    fc.assert(
      fc.property(rule, (given) => {
        const read = accessRule('net set', ruleText(given as AccessRule));
        expect(AccessRule.parse(read)).toEqual(given);
      }),
    );
  });
});
