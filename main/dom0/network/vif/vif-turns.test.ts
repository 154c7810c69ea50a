/** When a guest is told, and where in its pages it finds what came. */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { PAGE_SIZE } from '../../../hypervisor/index.ts';
import { NO_OFFLOAD } from '../offload/offload.ts';
import { DATA_GFN, DATA_PAGES, DATA_REF } from '../../rings/testing/front-by-hand.ts';
import { NetFront } from '../testing/net-front.ts';

let front: NetFront;
beforeEach(async () => {
  front = await NetFront.start();
});

function send(): void {
  front.send({ ref: DATA_REF, offset: 0, flags: 0, size: 100 });
  front.publish('tx');
  front.backend.serviceCall();
}

describe('what a guest sends', () => {
  it('reaches the cable inside its call, and is answered there', () => {
    send();
    expect(front.takeFrames()).toHaveLength(1);
    expect(front.statuses('tx')).toHaveLength(1);
  });

  it('is told to a guest that has not looked when its turn is over, once, and not before', () => {
    for (let count = 0; count < 3; count++) send();
    expect(front.notified).toBe(0);
    expect(front.backend.tellSent()).toBe(true);
    expect(front.backend.tellSent()).toBe(false);
    expect(front.notified).toBe(1);
  });

  it('is not told to a guest that has seen it itself', () => {
    send();
    front.statuses('tx');
    expect(front.backend.tellSent()).toBe(false);
    expect(front.notified).toBe(0);
  });

  it('is always told in the end, however calls, looks and turns follow each other', () => {
    const steps = fc.array(fc.constantFrom('send', 'look', 'turn', 'drain'), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (taken) => {
        let [unseen, told] = [0, front.notified];
        for (const step of taken) {
          if (step === 'send') {
            send();
            front.takeFrames();
            unseen++;
          } else if (step === 'look') {
            front.statuses('tx');
            [unseen, told] = [0, front.notified];
          } else if (step === 'turn') front.backend.tellSent();
          else front.backend.service();
        }
        front.backend.tellSent();
        expect(front.notified > told).toBe(unseen > 0);
        front.statuses('tx');
      }),
    );
  });
});

/** Ethernet, IPv4 of 20 bytes and TCP of `tcpBytes`; else noise. */
function tcpFrame(length: number, tcpBytes: number): Uint8Array {
  const frame = new Uint8Array(randomBytes(length));
  frame.set([0x08, 0x00, 0x45], 12);
  frame[23] = 6;
  frame[14 + 20 + 12] = (tcpBytes / 4) << 4;
  return frame;
}

describe('what a guest gets', () => {
  it('lies so that its data is aligned, over as many pages as it needs, whole', () => {
    const lengths = fc.integer({ min: 60, max: 40_000 });
    const tcpWords = fc.integer({ min: 5, max: 15 });
    let next = 0;
    fc.assert(
      fc.property(lengths, tcpWords, (length, words) => {
        const frame = tcpFrame(length, words * 4);
        front.toGuest.write(length, NO_OFFLOAD, (target) => target.set(frame));
        const first = next;
        while (front.toGuest.used > 0) {
          front.offer(DATA_REF + (next++ % DATA_PAGES));
          front.publish('rx');
          front.backend.serviceCall();
        }
        const answers = front.answers('rx');
        const pieces = answers.map(({ status, offset }, index) => {
          expect(offset + status).toBeLessThanOrEqual(PAGE_SIZE);
          if (index > 0) expect(offset).toBe(0);
          const page = front.page(DATA_GFN + ((first + index) % DATA_PAGES));
          return page.slice(offset, offset + status);
        });
        expect(Buffer.concat(pieces).equals(frame)).toBe(true);
        const dataAt = answers[0]!.offset + 14 + 20 + words * 4;
        if (length > 256) expect(dataAt % 8).toBe(0);
      }),
    );
    expect(front.faults).toEqual([]);
  });
});
