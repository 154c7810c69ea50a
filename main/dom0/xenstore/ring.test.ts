import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteQueue } from './byte-queue.ts';
import { XenstoreRing, type RingPeer } from './ring.ts';
import { GuestRing } from './testing/guest-ring.ts';
import { XsConnectionState, XsRing, XsRingError } from './wire.ts';

function setup(capacity = 300) {
  const page = new Uint8Array(XsRing.pageSize);
  const requests = new ByteQueue(capacity);
  const responses = new ByteQueue(capacity);
  const peer: RingPeer = {
    takeRequests: (bytes) => requests.write(bytes),
    giveResponses: (space) => responses.read(space),
  };
  const ring = new XenstoreRing(() => page, peer);
  ring.reset();
  return {
    page,
    words: new DataView(page.buffer),
    ring,
    guest: new GuestRing(page),
    requests,
    responses,
  };
}

type Step =
  | { readonly who: 'guest-writes' | 'store-writes'; readonly bytes: Uint8Array }
  | { readonly who: 'guest-reads' | 'store-reads'; readonly count: number }
  | { readonly who: 'service' };

const count = fc.integer({ min: 1, max: 1500 });
const bytes = fc.uint8Array({ minLength: 1, maxLength: 1500, size: 'max' });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ who: fc.constantFrom('guest-writes' as const, 'store-writes' as const), bytes }),
  fc.record({ who: fc.constantFrom('guest-reads' as const, 'store-reads' as const), count }),
  fc.constant({ who: 'service' as const }),
);
const startIndex = fc.constantFrom(0, 1000, 0xfffffc00, 0xffffffff);

describe('XenstoreRing', () => {
  it('offers its features on a page that is otherwise zero', () => {
    const { words, page } = setup();
    expect(words.getUint32(XsRing.serverFeatures, true)).toBe(7);
    words.setUint32(XsRing.serverFeatures, 0, true);
    expect(page.every((byte) => byte === 0)).toBe(true);
  });

  it('delivers the same bytes both ways in any interleaving of the two sides', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), startIndex, (steps, start) => {
        const { ring, guest, requests, responses, words } = setup();
        for (const index of [XsRing.reqCons, XsRing.reqProd]) words.setUint32(index, start, true);
        for (const index of [XsRing.rspCons, XsRing.rspProd]) words.setUint32(index, start, true);
        const streams = {
          asked: [] as number[],
          heard: [] as number[],
          told: [] as number[],
          got: [] as number[],
        };
        const run = (move: Step): void => {
          if (move.who === 'guest-writes')
            streams.asked.push(...move.bytes.subarray(0, guest.write(move.bytes)));
          else if (move.who === 'store-writes')
            streams.told.push(...move.bytes.subarray(0, responses.write(move.bytes)));
          else if (move.who === 'guest-reads') streams.got.push(...guest.read(move.count));
          else if (move.who === 'store-reads') {
            const target = new Uint8Array(move.count);
            streams.heard.push(...target.subarray(0, requests.read(target)));
          } else expect(ring.service().state).toBe('open');
        };
        steps.forEach(run);
        for (let round = 0; round < 20; round++) {
          run({ who: 'service' });
          run({ who: 'store-reads', count: 2000 });
          run({ who: 'guest-reads', count: 2000 });
        }
        expect(streams.heard).toEqual(streams.asked);
        expect(streams.got).toEqual(streams.told);
      }),
    );
  });

  it('asks for a notification after every move and only then', () => {
    const { ring, guest, responses } = setup();
    expect(ring.service().notify).toBe(false);
    guest.write(Buffer.from('abc'));
    expect(ring.service().notify).toBe(true);
    responses.write(Buffer.from('xyz'));
    expect(ring.service().notify).toBe(true);
    expect(ring.service().notify).toBe(false);
  });

  it('asks for a notification when a full request ring got room', () => {
    const { ring, guest, requests } = setup(100);
    guest.write(new Uint8Array(1024));
    expect(guest.write(new Uint8Array(1))).toBe(0);
    ring.service();
    requests.clear();
    expect(ring.service()).toEqual({ notify: true, state: 'open' });
    expect(guest.write(new Uint8Array(1))).toBe(1);
  });

  it.each([
    ['request producer', XsRing.reqProd, 1025],
    ['request consumer', XsRing.reqCons, 1],
    ['response producer', XsRing.rspProd, 5000],
    ['response consumer', XsRing.rspCons, 0x80000000],
  ])('ends the connection, not the domain, for an impossible %s', (_, offset, value) => {
    const { ring, words, guest, requests } = setup();
    words.setUint32(offset, value, true);
    expect(ring.service()).toEqual({ notify: true, state: 'broken' });
    expect(words.getUint32(XsRing.error, true)).toBe(XsRingError.ringidx);
    words.setUint32(offset, 0, true);
    guest.write(Buffer.from('late'));
    requests.clear();
    expect(ring.service()).toEqual({ notify: false, state: 'broken' });
    expect(requests.size).toBe(0);
  });

  it('stands any content of the page', () => {
    const hostileWord = fc.tuple(
      fc.integer({ min: 0, max: 19 }).map((index) => 2048 + 4 * index),
      fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0, max: 2048 })),
    );
    fc.assert(
      fc.property(fc.array(fc.array(hostileWord), { maxLength: 20 }), (rounds) => {
        const { ring, words, requests, responses, page } = setup();
        for (const writes of rounds) {
          for (const [offset, value] of writes) words.setUint32(offset, value, true);
          const outside = page.slice(XsRing.error + 4);
          responses.write(new Uint8Array(100));
          ring.service();
          requests.clear();
          expect(page.subarray(XsRing.error + 4)).toEqual(outside);
        }
      }),
    );
  });

  it('reports a wish to reconnect, and begins anew when it is granted', () => {
    const { ring, words, guest, responses } = setup();
    guest.write(Buffer.from('half a requ'));
    words.setUint32(XsRing.connection, XsConnectionState.reconnect, true);
    expect(ring.service()).toEqual({ notify: false, state: 'reconnect' });
    ring.reconnected();
    expect(words.getUint32(XsRing.connection, true)).toBe(XsConnectionState.connected);
    responses.write(Buffer.from('fresh'));
    expect(ring.service()).toEqual({ notify: true, state: 'open' });
    expect(Buffer.from(guest.read(100)).toString()).toBe('fresh');
  });

  it('refuses a page of another size', () => {
    const peer: RingPeer = { takeRequests: () => 0, giveResponses: () => 0 };
    expect(() => new XenstoreRing(() => new Uint8Array(100), peer)).toThrow(RangeError);
  });
});
