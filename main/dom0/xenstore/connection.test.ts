import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { encodeMessage } from './codec.ts';
import { chunked, messages } from './testing/arbitraries.ts';
import type { GuestDriver } from './testing/guest-driver.ts';
import { TestHost } from './testing/test-host.ts';
import { PAYLOAD_MAX_BYTES, XsType } from './wire.ts';

let host: TestHost;
let guest: GuestDriver;

beforeEach(() => {
  host = new TestHost();
  guest = host.guest(5);
});

describe('a connection', () => {
  it('answers requests that arrive byte by byte, or all at once', () => {
    const stream = Buffer.concat([
      encodeMessage(XsType.write, 1001, 0, 'data/x\0hello'),
      encodeMessage(XsType.read, 1002, 0, 'data/x\0'),
      encodeMessage(XsType.read, 1003, 0, 'data/y\0'),
    ]);
    for (const chunk of chunked(stream, [1])) guest.connection.receive(chunk);
    expect([1001, 1002, 1003].map((id) => guest.answer(id))).toEqual(['OK\0', 'hello', '!ENOENT']);
    guest.connection.receive(stream);
    expect(guest.connection.counters.requests).toBe(6);
  });

  it('echoes type, request id and transaction id', () => {
    const sent: Buffer[] = [];
    const connection = host.daemon.connectClient({
      send: (bytes) => {
        sent.push(Buffer.from(bytes));
        return true;
      },
    });
    connection.receive(encodeMessage(XsType.getDomainPath, 0xfffffffe, 0, '1\0'));
    connection.receive(encodeMessage(XsType.read, 0x80000000, 0x90000000, '/\0'));
    expect(sent).toEqual([
      encodeMessage(XsType.getDomainPath, 0xfffffffe, 0, '/local/domain/1\0'),
      encodeMessage(XsType.error, 0x80000000, 0x90000000, 'ENOENT\0'),
    ]);
  });

  it('ends at a message that is too long, with watches and transactions', () => {
    guest.watch('data', 't');
    guest.begin();
    guest.connection.receive(
      encodeMessage(XsType.write, 1, 0, new Uint8Array(PAYLOAD_MAX_BYTES + 1)),
    );
    expect(guest.ended).toBe('oversize-message');
    expect(host.daemon.stats(5)?.usage).toMatchObject({ watches: 0, transactions: 0 });
    expect(guest.connection.receive(new Uint8Array(100))).toBe(true);
    expect(host.daemon.isIntroduced(5)).toBe(true);
    expect(host.guest(6).read('name')).toBe('guest-6');
  });

  it('drops input that comes in spite of a no', () => {
    guest.reading = false;
    const request = encodeMessage(XsType.read, 9000, 0, 'name\0');
    let calls = 0;
    while (guest.ended === undefined && calls < 1e5) {
      guest.connection.receive(request);
      calls++;
    }
    expect(guest.ended).toBe('input-overflow');
    expect(calls).toBeGreaterThan(1000);
  });
});

describe('a guest that does not read', () => {
  it('gets no more requests served than its quota of replies, and all of them later', () => {
    guest.reading = false;
    guest.read('name'); // this answer fills the pipe
    const ids = Array.from({ length: 50 }, () => guest.post(XsType.read, 'name\0'));
    expect(host.daemon.stats(5)?.requests).toBe(21);
    expect(host.daemon.stats(5)?.usage.outstanding).toBe(20);
    guest.reading = true;
    guest.connection.drained();
    expect(ids.map((id) => guest.answer(id))).toEqual(ids.map(() => 'guest-5'));
    expect(host.daemon.stats(5)?.usage.outstanding).toBe(0);
  });

  it('is told when it may send again', () => {
    let ready = 0;
    let reading = false;
    const connection = host.daemon.introduce(5, {
      send: () => reading,
      ready: () => ready++,
    });
    const request = encodeMessage(XsType.read, 1, 0, 'name\0');
    let accepted = 0;
    while (connection.receive(request)) accepted++;
    expect(accepted).toBe(20);
    reading = true;
    connection.drained();
    expect(ready).toBe(1);
    expect(connection.receive(request)).toBe(true);
  });

  it('gets equal events once', () => {
    guest.watch('data', 't');
    guest.reading = false;
    guest.read('name');
    guest.takeEvents();
    const root = host.client();
    for (let i = 0; i < 1000; i++) root.write('/local/domain/5/data/x', String(i));
    expect(host.daemon.stats(5)).toMatchObject({ eventsMerged: 999 });
    guest.reading = true;
    guest.connection.drained();
    expect(guest.takeEvents()).toEqual([['data/x', 't']]);
  });

  it('loses events beyond its memory quota and cannot make the store grow', () => {
    host.daemon.setQuota(5, { memory: 20_000 });
    guest.watch('/local/domain/5', 't');
    guest.reading = false;
    guest.read('name');
    for (let i = 0; i < 2000; i++) host.daemon.write(`/local/domain/5/x${i}`, '');
    const stats = host.daemon.stats(5);
    expect(stats?.eventsDropped).toBeGreaterThan(1000);
    expect(stats?.usage.memory).toBeLessThanOrEqual(20_000);
  });
});

describe('a privileged client that does not read', () => {
  it('is dropped when its events pile up', async () => {
    const client = host.client();
    client.watch('/', 't');
    client.reading = false;
    for (let i = 0; i < 30_000; i++) host.daemon.write(`/many/${'x'.repeat(150)}${i}`, '');
    await Promise.resolve();
    expect(client.ended).toBe('output-overflow');
    expect(host.guest(6).read('name')).toBe('guest-6');
  });
});

describe('hostile input', () => {
  const bytes = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 });

  it('of any bytes never throws and never disturbs a neighbour', () => {
    fc.assert(
      fc.property(bytes, (chunks) => {
        const victim = new TestHost();
        const attacker = victim.guest(5);
        const neighbour = victim.guest(6);
        neighbour.watch('data', 't');
        neighbour.takeEvents();
        for (const chunk of chunks) attacker.connection.receive(chunk);
        expect(neighbour.write('data/x', '1')).toBe('OK');
        expect(neighbour.takeEvents()).toEqual([['data/x', 't']]);
        expect(victim.daemon.check()).toEqual([]);
      }),
    );
  });

  const words = [
    'data',
    'name',
    '/',
    '/local/domain/5/data',
    '/local/domain/6/data/x',
    'data/a/b',
    '@releaseDomain',
    'T',
    'F',
    '5',
    '6',
    'n5',
    'b6',
    'r0',
    '',
    '1',
    '-1',
    '4294967296',
  ];
  const requests = fc.array(
    fc.record({
      type: fc.integer({ min: 0, max: 27 }),
      txId: fc.integer({ min: 0, max: 4 }),
      strings: fc.array(fc.constantFrom(...words), { maxLength: 4 }),
    }),
    { maxLength: 60 },
  );

  it('of well-formed requests in any order leaves the neighbour and the store whole', () => {
    fc.assert(
      fc.property(requests, (sent) => {
        const victim = new TestHost();
        const attacker = victim.guest(5);
        const neighbour = victim.guest(6);
        neighbour.write('data/x', 'mine');
        for (const { type, txId, strings } of sent) {
          attacker.ask(type, strings, type === XsType.transactionStart ? 0 : txId);
        }
        expect(neighbour.read('data/x')).toBe('mine');
        expect(neighbour.perms('data/x')).toBe('n6');
        expect(victim.daemon.read('/local/domain/5/name')).toBe('guest-5');
        expect(victim.daemon.check()).toEqual([]);
        expect(attacker.ended).toBeUndefined();
        victim.daemon.release(5);
        expect(victim.daemon.check()).toEqual([]);
      }),
    );
  });

  it('of arbitrary messages is answered one for one', () => {
    fc.assert(
      fc.property(messages, (sent) => {
        const client = new TestHost().guest(5);
        for (const { type, txId, payload } of sent) client.post(type, payload, txId);
        expect(client.answerCount).toBe(sent.length);
      }),
    );
  });
});
