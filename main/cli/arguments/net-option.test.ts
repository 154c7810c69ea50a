import { describe, expect, it } from 'vitest';
import { interfaceNumber, netOption } from './net-option.ts';

describe('--net', () => {
  it('is a network, and what follows commas', () => {
    expect(netOption('create', 'lan')).toEqual({ network: 'lan' });
    expect(netOption('create', 'lan,ip=10.0.0.2,mac=00:16:3e:00:00:01')).toEqual({
      network: 'lan',
      address: '10.0.0.2',
      mac: '00:16:3e:00:00:01',
    });
  });

  it.each(['', ',ip=10.0.0.2', 'lan,', 'lan,ip', 'lan,ip=', 'lan,bridge=br0'])(
    'refuses %j',
    (text) => {
      expect(() => netOption('create', text)).toThrow(expect.objectContaining({ code: 'usage' }));
    },
  );
});

describe('an interface', () => {
  it('is named by its number, or as the guest names it', () => {
    expect(interfaceNumber('net detach', '0')).toBe(0);
    expect(interfaceNumber('net detach', 'eth7')).toBe(7);
  });

  it.each(['', 'eth', 'eth-1', 'lan', '1.5'])('is not %j', (text) => {
    expect(() => interfaceNumber('net detach', text)).toThrow(
      expect.objectContaining({ code: 'usage' }),
    );
  });
});
