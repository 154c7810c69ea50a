import { describe, expect, it } from 'vitest';
import type { Station } from './network-work.ts';
import { pingTimesUs, roundTripUs, sendTcp } from './network-work.ts';

const PING = `PING 10.0.0.2 (10.0.0.2): 56 data bytes
64 bytes from 10.0.0.2: seq=0 ttl=64 time=1.250 ms
64 bytes from 10.0.0.2: seq=1 ttl=64 time=0.412 ms

--- 10.0.0.2 ping statistics ---
2 packets transmitted, 2 packets received, 0% packet loss
`;

function station(answer: (command: string) => string): Station {
  return {
    name: 'test',
    address: '10.0.0.1',
    mac: '00:16:3e:00:00:01',
    run: (command) => Promise.resolve(answer(command)),
    pause: () => Promise.resolve(),
    resume: () => Promise.resolve(),
  };
}

describe('pingTimesUs', () => {
  it('reads every answer', () => {
    expect(pingTimesUs(PING)).toEqual([1250, 412]);
  });
});

describe('roundTripUs', () => {
  it('refuses a network that loses most', async () => {
    const lossy = station(() => PING);
    await expect(roundTripUs([lossy, lossy])).rejects.toThrow('only 2 of 100');
  });
});

describe('sendTcp', () => {
  it('refuses bytes that did not arrive', async () => {
    const deaf = station((command) => (command.includes('rx_bytes') ? '1000' : ''));
    await expect(sendTcp([deaf, deaf], 1)).rejects.toThrow('only 0 bytes arrived');
  });
});
