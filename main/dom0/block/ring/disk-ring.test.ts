import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DiskClient } from './disk-client.ts';
import { DiskRingServer } from './disk-ring-server.ts';
import {
  createDiskRing,
  DATA_AT,
  DiskOperation,
  DiskStatus,
  RingWord,
  SLOTS,
} from './disk-ring.abi.ts';

const DATA_BYTES = 64 * 1024;

function pair(): { ring: SharedArrayBuffer; client: DiskClient; server: DiskRingServer } {
  const ring = createDiskRing(DATA_BYTES);
  return { ring, client: new DiskClient(ring), server: new DiskRingServer(ring) };
}

function take(server: DiskRingServer) {
  const taken = server.take();
  if (taken.kind !== 'request') throw new Error(`taken: ${taken.kind}`);
  return taken.request;
}

describe('a disk ring', () => {
  it('carries requests there, and data and status back', () => {
    const { client, server } = pair();
    const statuses: DiskStatus[] = [];
    const far = 5 * 2 ** 40 + 512; // a sector number of more than 32 bits
    const buffer = client.reserve(1024)!;
    client.read(far, buffer, (status) => {
      statuses.push(status);
      expect(buffer.bytes.every((byte) => byte === 42)).toBe(true);
    });
    const request = take(server);
    expect(request).toMatchObject({ operation: DiskOperation.read, offset: far, length: 1024 });
    request.data[0]!.fill(42);
    expect(client.poll()).toBe(0);
    server.complete(request.id, DiskStatus.ok);
    expect(client.poll()).toBe(1);
    expect(statuses).toEqual([DiskStatus.ok]);
  });

  it('discards more than four gigabytes at once', () => {
    const { client, server } = pair();
    client.discard(512, 2 ** 40, () => undefined);
    expect(take(server)).toMatchObject({ offset: 512, length: 2 ** 40, data: [] });
  });

  it('says that there is no room, of slots or of data, until something completes', () => {
    const { client, server } = pair();
    const whole = client.reserve(DATA_BYTES)!;
    expect(client.reserve(512)).toBeNull();
    client.release(whole);
    for (let count = 0; count < SLOTS; count++) {
      expect(client.flush(() => undefined)).toBe(true);
    }
    expect(client.flush(() => undefined)).toBe(false);
    server.complete(take(server).id, DiskStatus.ok);
    client.poll();
    expect(client.flush(() => undefined)).toBe(true);
  });

  it('fails what is under way when the serving side closes', () => {
    const { client, server } = pair();
    const statuses: DiskStatus[] = [];
    client.flush((status) => statuses.push(status));
    server.close();
    client.poll();
    expect(statuses).toEqual([DiskStatus.gone]);
  });

  it('loses and mixes nothing, completed in whatever order', () => {
    const step = fc.record({
      kind: fc.constantFrom('write', 'take', 'complete', 'poll'),
      pages: fc.integer({ min: 1, max: 5 }),
      pick: fc.nat(1000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const { client, server } = pair();
        const taken: ReturnType<typeof take>[] = [];
        let asked = 0;
        let answered = 0;
        const drain = (kind: string, pages: number, pick: number): void => {
          if (kind === 'write') {
            const buffer = client.reserve(pages * 4096 - 512);
            if (!buffer) return;
            const number = asked;
            buffer.bytes.fill(number & 255);
            const submitted = client.write(number * 512, buffer, (status) => {
              expect(status).toBe(number % 6);
              answered++;
            });
            if (submitted) asked++;
            else client.release(buffer);
          } else if (kind === 'take') {
            const got = server.take();
            if (got.kind === 'request') taken.push(got.request);
            else expect(got.kind).toBe('empty');
          } else if (kind === 'complete' && taken.length > 0) {
            const [request] = taken.splice(pick % taken.length, 1);
            const number = request!.offset / 512;
            expect(request!.data[0]!.every((byte) => byte === (number & 255))).toBe(true);
            server.complete(request!.id, (number % 6) as DiskStatus);
          } else if (kind === 'poll') {
            client.poll();
          }
        };
        for (const { kind, pages, pick } of steps) drain(kind, pages, pick);
        while (answered < asked) {
          for (const kind of ['take', 'complete', 'poll']) drain(kind, 1, 0);
        }
        expect(client.inFlight).toBe(0);
        expect(client.reserve(DATA_BYTES)).not.toBeNull();
      }),
    );
  });

  it('hands out nothing outside of its data, whatever is written into it', () => {
    const word = fc.oneof(
      fc.constantFrom(0, 1, SLOTS, SLOTS + 1, DATA_BYTES, DATA_BYTES / 512, -1, 0x7fffffff),
      fc.integer(),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(RingWord.size + 24), word), { maxLength: 40 }),
        fc.integer({ min: 1, max: SLOTS }),
        (scribbles, requested) => {
          const { ring, server } = pair();
          const words = new Int32Array(ring);
          words[RingWord.requested] = requested;
          for (const [at, value] of scribbles) words[at] = value;
          for (let turn = 0; turn <= SLOTS; turn++) {
            const taken = server.take();
            if (taken.kind === 'empty' || taken.kind === 'broken') return;
            if (taken.kind === 'refused') {
              server.complete(taken.id, DiskStatus.badRequest);
              continue;
            }
            for (const data of taken.request.data) {
              expect(data.byteOffset).toBeGreaterThanOrEqual(DATA_AT);
              expect(data.length).toBe(taken.request.length);
              expect(data.byteOffset + data.length).toBeLessThanOrEqual(ring.byteLength);
            }
          }
          expect.unreachable('more was taken than there are slots');
        },
      ),
    );
  });
});
