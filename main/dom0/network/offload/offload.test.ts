import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Route } from '../protocol/endpoints.ts';
import { viewOf } from '../protocol/ethernet.ts';
import { readIpv4 } from '../protocol/ipv4.ts';
import { TcpFlag, buildTcp, readTcp, startTcp } from '../protocol/tcp.ts';
import { buildUdp } from '../protocol/udp.ts';
import { frames } from '../testing/arbitraries.ts';
import { dissect } from '../testing/tcpdump.ts';
import { completeChecksum } from './complete-checksum.ts';
import { segmentTcp } from './segment-tcp.ts';

const route: Route = {
  sourceMac: 0x00163e000001,
  destinationMac: 0x00163e000002,
  source: 0x0a000001,
  destination: 0x0a000002,
};
const header = {
  sourcePort: 40000,
  destinationPort: 80,
  sequence: 0xffff_f000,
  acknowledgment: 17,
  flags: TcpFlag.ack | TcpFlag.psh | TcpFlag.fin | TcpFlag.cwr,
  window: 500,
  mss: null,
  windowShift: null,
};

function superFrame(payload: Uint8Array): Uint8Array {
  const unfinished = startTcp(route, header, payload.length);
  unfinished.payload.set(payload);
  return unfinished.finishPartial();
}

describe('a partial checksum', () => {
  it('is completed to what a whole one would have been', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 3000, size: 'max' }),
        fc.nat(0xffff),
        (payload, garbage) => {
          const tcp = superFrame(payload);
          expect(completeChecksum(tcp)).toBe(true);
          expect(tcp).toEqual(buildTcp(route, header, payload));
          const udp = buildUdp(route, 1, 2, payload);
          const spoiled = Uint8Array.from(udp);
          viewOf(spoiled).setUint16(40, garbage);
          expect(completeChecksum(spoiled)).toBe(true);
          expect(spoiled).toEqual(udp);
        },
      ),
    );
  });

  it('is left alone in a frame that has none', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const before = Uint8Array.from(frame);
        if (!completeChecksum(frame)) expect(frame).toEqual(before);
      }),
    );
  });
});

describe('a super-frame', () => {
  it('is cut into segments that carry its bytes once, in order, with flags where they belong', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 20_000, size: 'max' }),
        fc.integer({ min: 64, max: 9000 }),
        (payload, segmentBytes) => {
          const cut: Uint8Array[] = [];
          const ok = segmentTcp(superFrame(payload), segmentBytes, (segment) =>
            cut.push(Uint8Array.from(segment)),
          );
          expect(ok).toBe(true);
          expect(cut).toHaveLength(Math.max(1, Math.ceil(payload.length / segmentBytes)));
          const got: number[] = [];
          cut.forEach((frame, index) => {
            const ip = readIpv4(viewOf(frame));
            const tcp = ip && readTcp(viewOf(frame), ip);
            if (!tcp) throw new Error('an unreadable segment');
            expect(tcp.sequence).toBe((header.sequence + got.length) >>> 0);
            const isLast = index === cut.length - 1;
            expect((tcp.flags & TcpFlag.fin) !== 0).toBe(isLast);
            expect((tcp.flags & TcpFlag.psh) !== 0).toBe(isLast);
            expect((tcp.flags & TcpFlag.cwr) !== 0).toBe(index === 0);
            const again = Uint8Array.from(frame);
            completeChecksum(again);
            expect(frame).toEqual(again);
            got.push(...frame.subarray(tcp.payloadAt, tcp.payloadEnd));
          });
          expect(Uint8Array.from(got)).toEqual(payload);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('of 64 KiB makes frames that tcpdump finds right', () => {
    const cut: Uint8Array[] = [];
    const payload = Uint8Array.from({ length: 65_000 }, (_, index) => index);
    segmentTcp(superFrame(payload), 1460, (segment) => cut.push(Uint8Array.from(segment)));
    const text = dissect(cut);
    expect(text).not.toMatch(/\b(bad|incorrect|wrong|truncated|invalid)\b/i);
    expect(text.match(/\(correct\)/g)).toHaveLength(45);
  });

  it('that is none, or cut too small, is refused', () => {
    const fail = (): never => {
      throw new Error('emitted');
    };
    expect(segmentTcp(superFrame(new Uint8Array(1000)), 8, fail)).toBe(false);
    expect(segmentTcp(buildUdp(route, 1, 2, new Uint8Array(99)), 1460, fail)).toBe(false);
    fc.assert(fc.property(frames, (frame) => void segmentTcp(frame, 64, () => undefined)));
  });
});
