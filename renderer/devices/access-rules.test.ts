import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccessList } from '../../shared/contract/schemas.ts';
import { draftOf, NEW_RULE, readDraft, type RuleDraft } from './access-rules.ts';

function read(change: Partial<RuleDraft>) {
  return readDraft({ rules: [{ ...NEW_RULE, ...change }], otherwise: 'deny' });
}

describe('an access list as it is typed', () => {
  it('has addresses with or without a subnet, and nothing for all', () => {
    expect(read({ remote: '10.0.0.7' }).list?.rules[0]?.remote).toBe('10.0.0.7/32');
    expect(read({ remote: ' 10.0.0.0/24 ' }).list?.rules[0]?.remote).toBe('10.0.0.0/24');
    expect(read({ remote: '' }).list?.rules[0]?.remote).toBeNull();
  });

  it('has single ports and ranges, and none where the protocol has none', () => {
    expect(read({ localPorts: '80' }).list?.rules[0]?.localPorts).toEqual([80, 80]);
    expect(read({ remotePorts: '8000 - 8100' }).list?.rules[0]?.remotePorts).toEqual([8000, 8100]);
    expect(read({ protocol: 'icmp', localPorts: 'x' }).list?.rules[0]?.localPorts).toBeNull();
  });

  it('tells which rule is wrong, and how it is written', () => {
    expect(read({ remote: '10.0.0.300' }).faults).toEqual([
      'An address is written 10.0.0.7, a subnet 10.0.0.0/24.',
    ]);
    for (const localPorts of ['0', '70000', '9-8', '80,81', 'http']) {
      expect(read({ localPorts }).faults?.[0]).toMatch(/A port is written/);
    }
  });

  it('reads back as it was, and is what the contract takes', () => {
    const port = fc.integer({ min: 1, max: 65_535 });
    const ports = fc.option(
      fc.tuple(port, port).map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]),
    );
    const rule = fc.record({
      action: fc.constantFrom('allow' as const, 'deny' as const),
      direction: fc.constantFrom('in' as const, 'out' as const),
      protocol: fc.constantFrom('tcp' as const, 'udp' as const),
      remote: fc.option(fc.constantFrom('10.1.2.3/32', '10.0.0.0/8', '0.0.0.0/0')),
      remotePorts: ports,
      localPorts: ports,
    });
    const lists = fc.record({
      rules: fc.array(rule, { maxLength: 5 }),
      otherwise: fc.constantFrom('allow' as const, 'deny' as const),
    });
    fc.assert(
      fc.property(lists, (list) => {
        expect(readDraft(draftOf(list)).list).toEqual(AccessList.parse(list));
      }),
    );
  });
});
