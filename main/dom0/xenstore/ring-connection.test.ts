import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteQueue } from './byte-queue.ts';
import { encodeMessage, MessageReader } from './codec.ts';
import type { CloseReason } from './connection.ts';
import { XenstoreRing, type RingService } from './ring.ts';
import { GuestRing } from './testing/guest-ring.ts';
import { TestHost } from './testing/test-host.ts';
import { XsConnectionState, XsRing, XsRingError, XsType } from './wire.ts';

/** A guest's ring page wired to a daemon, without threads: two small queues in between. */
function wire(queueBytes = 512) {
  const host = new TestHost();
  host.guest(5);
  const page = new Uint8Array(XsRing.pageSize);
  const words = new DataView(page.buffer);
  const responses = new ByteQueue(queueBytes);
  let overflow = new Uint8Array(0);
  let accepting = true;
  const ended: CloseReason[] = [];
  const connection = host.daemon.introduce(5, {
    send: (bytes) => {
      overflow = new Uint8Array(bytes.subarray(responses.write(bytes)));
      return overflow.length === 0;
    },
    ready: () => (accepting = true),
    closed: (reason) => {
      ended.push(reason);
      ring.fail(XsRingError.proto);
    },
  });
  const ring: XenstoreRing = new XenstoreRing(() => page, {
    takeRequests: (bytes) => {
      if (!accepting) return 0;
      accepting = connection.receive(bytes);
      return bytes.length;
    },
    giveResponses: (space) => responses.read(space),
  });
  ring.reset();
  const service = (): RingService => {
    const outcome = ring.service();
    overflow = overflow.slice(responses.write(overflow));
    if (overflow.length === 0) connection.drained();
    return outcome;
  };
  return { host, guest: new GuestRing(page), words, ring, service, connection, ended };
}

describe('a ring wired to a daemon', () => {
  it('answers every request once and in order, however little fits at a time', () => {
    const request = fc.constantFrom('name\0', 'data/none\0', 'data/long\0', '/x y\0');
    const turns = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 900 })),
    );
    fc.assert(
      fc.property(fc.array(request, { maxLength: 120, size: 'max' }), turns, (paths, sizes) => {
        const { host, guest, service } = wire();
        host.daemon.write('/local/domain/5/data/long', 'v'.repeat(1500));
        let toSend = Buffer.concat(
          paths.map((path, index) => encodeMessage(XsType.read, index, 0, path)),
        );
        const reader = new MessageReader();
        const answers: number[] = [];
        const step = (write: number, read: number): void => {
          toSend = toSend.subarray(guest.write(toSend.subarray(0, write)));
          service();
          reader.feed(guest.read(read));
          for (let message = reader.next(); message; message = reader.next())
            answers.push(message.reqId);
        };
        for (const [write, read] of sizes) step(write, read);
        for (let round = 0; answers.length < paths.length && round < 3000; round++)
          step(1024, 1024);
        expect(answers).toEqual(paths.map((_, index) => index));
      }),
      { numRuns: 50 },
    );
  });

  it('tells the guest why its connection ended', () => {
    const { guest, service, words, ended, host } = wire();
    guest.write(encodeMessage(XsType.read, 1, 0, 'x').fill(255, 12));
    service();
    expect(ended).toEqual(['oversize-message']);
    expect(words.getUint32(XsRing.error, true)).toBe(XsRingError.proto);
    expect(service().state).toBe('broken');
    expect(host.daemon.isIntroduced(5)).toBe(true);
  });

  it('reconnects a guest that asks for it, without its old watches', () => {
    const { guest, service, words, ring, connection, host } = wire();
    guest.write(encodeMessage(XsType.watch, 1, 0, 'data\0t\0'));
    service();
    guest.write(encodeMessage(XsType.read, 2, 0, 'name\0').subarray(0, 9));
    service();
    words.setUint32(XsRing.connection, XsConnectionState.reconnect, true);
    expect(service().state).toBe('reconnect');
    connection.reset();
    ring.reconnected();
    expect(host.daemon.stats(5)?.usage.watches).toBe(0);
    guest.write(encodeMessage(XsType.read, 3, 0, 'name\0'));
    service();
    service();
    const reader = new MessageReader();
    reader.feed(guest.read(1024));
    expect(reader.next()).toMatchObject({ reqId: 3, payload: Buffer.from('guest-5') });
  });
});
