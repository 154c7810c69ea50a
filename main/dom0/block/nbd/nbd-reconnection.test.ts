/** Servers that go away under a disk, and what its guest was told is written. */
import { createHash } from 'node:crypto';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settled } from '../done.ts';
import { content, readAll } from '../testing/disk-model.ts';
import { NbdServer } from '../testing/nbd-server.ts';
import { ScratchFolder } from '../testing/scratch-folder.ts';
import { VolatileNbdServer } from '../testing/volatile-nbd-server.ts';
import type { Fate } from '../testing/volatile-nbd-server.ts';
import { openNbd } from './nbd-image.ts';
import type { NbdImage } from './nbd-image.ts';
import { Command, TransmissionFlag } from './nbd.abi.ts';

const MIB = 2 ** 20;
/** Nobody is to wait so long, and nobody need wait long for the next attempt. */
const PATIENT = { patienceMs: 2 ** 30, firstPauseMs: 1 };

const write = (image: NbdImage, offset: number, bytes: Uint8Array): Promise<void> =>
  settled((done) => image.write(offset, [bytes], done));
const read = async (image: NbdImage, offset: number, length: number): Promise<Buffer> => {
  const bytes = Buffer.alloc(length);
  await settled((done) => image.read(offset, [bytes], done));
  return bytes;
};
const flush = (image: NbdImage): Promise<void> => settled((done) => image.flush(done));
const close = (image: NbdImage): Promise<void> => settled((done) => image.close(done));

/** Answers all, but the first of each of these. */
function once(fates: Partial<Record<Command, Fate>>): VolatileNbdServer['fate'] {
  const left = new Map(Object.entries(fates).map(([command, fate]) => [Number(command), fate]));
  return ({ command }) => {
    const fate = left.get(command) ?? 'answer';
    left.delete(command);
    return fate;
  };
}

describe('a disk on qemu-nbd', () => {
  it('goes on when its server is killed and started again under reads, writes and flushes', async () => {
    using folder = new ScratchFolder();
    const path = folder.file('disk.raw');
    writeFileSync(path, '');
    truncateSync(path, 16 * MIB);
    await using server = await NbdServer.start(path, '--discard=unmap');
    const warnings: string[] = [];
    const image = await openNbd(
      { host: '127.0.0.1', port: server.port, exportName: 'disk', label: 'remote' },
      false,
      { warn: (message) => warnings.push(message) },
    );
    const expected = Buffer.alloc(16 * MIB);
    let writes = 0;
    let wake = (): void => undefined;
    const written = async (count: number): Promise<void> => {
      while (writes < count) await new Promise<void>((resolve) => (wake = resolve));
    };
    /** Each has a part of the disk, and reads what it wrote. */
    const work = async (part: number): Promise<void> => {
      for (let turn = 0; turn < 100; turn++) {
        const sector = part * 4096 + ((turn * 37) % 512) * 8;
        const bytes = content(sector, 8, 1 + ((part + turn) % 255));
        await write(image, sector * 512, bytes);
        expected.set(bytes, sector * 512);
        if (turn % 10 === part) await flush(image);
        expect((await read(image, sector * 512, bytes.length)).equals(bytes)).toBe(true);
        writes++;
        wake();
      }
    };
    const restarts = async (): Promise<void> => {
      for (const [count, signal] of [
        [100, 'SIGKILL'],
        [300, 'SIGTERM'],
        [500, 'SIGKILL'],
      ] as const) {
        await written(count);
        await server.stop(signal);
        await server.again();
      }
    };
    await Promise.all([restarts(), ...Array.from({ length: 8 }, (_, part) => work(part))]);
    expect((await readAll(image)).equals(expected)).toBe(true);
    await close(image);
    await server.stop();
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    expect(digest(readFileSync(path))).toBe(digest(expected));
    expect(warnings.filter((message) => message.includes('is there again'))).toHaveLength(3);
  });
});

describe('an NBD server that loses what it has not flushed', () => {
  it('has all that was done again when it comes back, before it is asked for anything else', async () => {
    await using server = await VolatileNbdServer.start(MIB);
    const image = await openNbd(server.address, false);
    await write(image, 0, content(0, 8, 1));
    await flush(image);
    await write(image, 4096, content(8, 8, 2));
    await write(image, 4096, content(8, 16, 3)); // over what was written before
    server.kill();
    expect(await read(image, 4096, 8192)).toEqual(Buffer.from(content(8, 16, 3)));
    expect(server.stable.subarray(4096, 12_288)).toEqual(Buffer.alloc(8192));
    await flush(image);
    expect(server.stable.subarray(0, 4096)).toEqual(Buffer.from(content(0, 8, 1)));
    expect(server.stable.subarray(4096, 12_288)).toEqual(Buffer.from(content(8, 16, 3)));
    await close(image);
  });

  it('does a flush that it died of again, after the writes that it lost with it', async () => {
    await using server = await VolatileNbdServer.start(MIB);
    const image = await openNbd(server.address, false);
    for (const fate of ['kill', 'drop', 'do-and-kill'] as const) {
      const bytes = content(0, 8, fate.length);
      await write(image, 0, bytes);
      server.fate = once({ [Command.flush]: fate });
      await flush(image);
      expect(server.stable.subarray(0, 4096)).toEqual(Buffer.from(bytes));
    }
    await close(image);
  });

  it('has written again what was written while it flushed', async () => {
    await using server = await VolatileNbdServer.start(MIB);
    const image = await openNbd(server.address, false);
    const { promise: answer, resolve: answerFlush } = Promise.withResolvers<void>();
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    server.fate = ({ command }) => {
      if (command !== Command.flush) return 'answer';
      ask();
      return answer;
    };
    const flushing = flush(image);
    await asked;
    await write(image, 0, content(0, 1, 1));
    answerFlush();
    await flushing;
    server.kill();
    expect(await read(image, 0, 512)).toEqual(Buffer.from(content(0, 1, 1)));
    server.fate = () => 'answer';
    await close(image);
  });

  it('shows and keeps what it acknowledged, whatever it does when', async () => {
    const sectors = 64;
    const fates = fc.array(
      fc.oneof(
        { weight: 6, arbitrary: fc.constant<Fate>('answer') },
        {
          weight: 2,
          arbitrary: fc.constantFrom<Fate>('drop', 'do-and-drop', 'kill', 'do-and-kill', 108),
        },
      ),
      { maxLength: 60 },
    );
    // What is under way at once does not overlap: a quarter of the disk for each.
    const request = fc.record({
      kind: fc.constantFrom('write', 'write', 'write', 'read', 'discard'),
      at: fc.nat(11),
      sectors: fc.integer({ min: 1, max: 5 }),
      byte: fc.integer({ min: 1, max: 255 }),
    });
    const step = fc.record({
      requests: fc.array(request, { minLength: 1, maxLength: 4 }),
      flush: fc.constantFrom('no', 'beside', 'after'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fates,
        async (steps, lot) => {
          await using server = await VolatileNbdServer.start(sectors * 512);
          const queue = [...lot];
          server.fate = () => queue.shift() ?? 'answer';
          const image = await openNbd(server.address, false, PATIENT);
          const expected = Buffer.alloc(sectors * 512);
          /** Discarded, and not written since: anything may be there. */
          const unknown = new Set<number>();
          const same = (bytes: Buffer, from: number): void => {
            for (let sector = from; sector < from + bytes.length / 512; sector++) {
              if (unknown.has(sector)) continue;
              const at = (sector - from) * 512;
              expect(bytes[at]).toBe(expected[sector * 512]);
              expect(bytes[at + 511]).toBe(expected[sector * 512 + 511]);
            }
          };
          for (const { requests, flush: flushed } of steps) {
            const before = Buffer.from(expected);
            const changed = new Set<number>();
            const work = requests.map(async ({ kind, at, sectors: count, byte }, quarter) => {
              const first = quarter * 16 + at;
              if (kind === 'read') return same(await read(image, first * 512, count * 512), first);
              for (let sector = first; sector < first + count; sector++) {
                changed.add(sector);
                if (kind === 'discard') unknown.add(sector);
                else unknown.delete(sector);
              }
              if (kind === 'discard') {
                return settled((done) => image.discard(first * 512, count * 512, done));
              }
              expected.set(content(first, count, byte), first * 512);
              return write(image, first * 512, content(first, count, byte));
            });
            if (flushed === 'beside') {
              await flush(image);
              for (let sector = 0; sector < sectors; sector++) {
                if (unknown.has(sector) || changed.has(sector)) continue;
                expect(server.stable[sector * 512 + 511]).toBe(before[sector * 512 + 511]);
              }
            }
            await Promise.all(work);
            if (flushed !== 'after') continue;
            await flush(image);
            same(server.stable, 0);
          }
          same(await readAll(image), 0);
          await close(image);
          same(server.stable, 0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is told to flush before what it might lose fills the memory, and writes wait for that', async () => {
    await using server = await VolatileNbdServer.start(4 * MIB);
    const image = await openNbd(server.address, false);
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const { promise: answer, resolve: answerFlush } = Promise.withResolvers<void>();
    server.fate = ({ command }) => {
      if (command !== Command.flush) return 'answer';
      ask();
      return answer;
    };
    const bytes = content(0, 2048, 7);
    for (let count = 0; count < 32; count++) await write(image, (count % 4) * MIB, bytes);
    await asked;
    // As much again finds room; the next has to wait for the flush.
    for (let count = 0; count < 32; count++) await write(image, (count % 4) * MIB, bytes);
    let isDone = false;
    const last = write(image, MIB, bytes).then(() => (isDone = true));
    expect((await read(image, 0, 512))[511]).toBe(7);
    expect(isDone).toBe(false);
    server.fate = () => 'answer';
    answerFlush();
    await last;
    await close(image);
    expect(server.stable.equals(Buffer.concat([bytes, bytes, bytes, bytes]))).toBe(true);
  });

  it('fails the writes that wait for such a flush when that fails, and takes them later', async () => {
    await using server = await VolatileNbdServer.start(4 * MIB);
    const image = await openNbd(server.address, false);
    server.fate = ({ command }) => (command === Command.flush ? 5 : 'answer');
    const bytes = content(0, 2048, 7);
    for (let count = 0; count < 64; count++) await write(image, (count % 4) * MIB, bytes);
    await expect(write(image, 0, bytes)).rejects.toMatchObject({ code: 'disk.io' });
    server.fate = () => 'answer';
    await write(image, 0, bytes);
    await close(image);
  });
});

describe('an NBD server that stays away', () => {
  it('fails what is asked with the reason; later it is tried again, and nothing that was done is lost', async () => {
    await using server = await VolatileNbdServer.start(MIB);
    const image = await openNbd(server.address, false, { patienceMs: 0, firstPauseMs: 1 });
    await write(image, 0, content(0, 8, 1));
    await server.stop();
    const requests = [
      write(image, 4096, content(8, 8, 2)),
      read(image, 0, 512),
      flush(image),
      settled((done) => image.discard(0, 512, done)),
    ];
    for (const result of await Promise.allSettled(requests)) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: {
          code: 'disk.unreachable',
          message: expect.stringMatching(
            /^disk remote: the connection to the NBD server 127\.0\.0\.1:\d+ was lost and could not be made anew \(.*ECONNREFUSED.*\); check that the server runs/,
          ) as string,
        },
      });
    }
    await expect(flush(image)).rejects.toMatchObject({ code: 'disk.unreachable' });
    await server.listen();
    await flush(image);
    expect(server.stable.subarray(0, 8192)).toEqual(
      Buffer.concat([content(0, 8, 1), Buffer.alloc(4096)]),
    );
    await close(image);
  });

  it('is waited for while it is away, and no longer', async () => {
    await using server = await VolatileNbdServer.start(MIB);
    const image = await openNbd(server.address, false, PATIENT);
    await server.stop();
    const reading = read(image, 0, 512);
    await server.listen();
    expect(await reading).toEqual(Buffer.alloc(512));
    await close(image);
  });

  it('that dies of what it is asked is not asked for ever', async () => {
    await using server = await VolatileNbdServer.start(MIB);
    const image = await openNbd(server.address, false, { patienceMs: 50, firstPauseMs: 1 });
    await write(image, 0, content(0, 1, 1));
    server.fate = ({ command }) => (command === Command.read ? 'kill' : 'answer');
    await expect(read(image, 0, 512)).rejects.toMatchObject({ code: 'disk.unreachable' });
    server.fate = () => 'answer';
    expect(await read(image, 0, 512)).toEqual(Buffer.from(content(0, 1, 1)));
    await close(image);
  });

  it('has to have the same disk when it comes back', async () => {
    await using server = await VolatileNbdServer.start(MIB);
    const image = await openNbd(server.address, false, PATIENT);
    const { flags } = server;
    await write(image, 0, content(0, 1, 1));
    const comesBackWith = async (bytes: number, changed: number): Promise<void> => {
      server.bytes = bytes;
      server.flags = changed;
      server.kill();
      await flush(image);
    };
    for (const [bytes, changed, what] of [
      [2 * MIB, flags, '2097152 bytes instead of 1048576'],
      [MIB, flags | TransmissionFlag.readOnly, 'it can only be read'],
      [MIB, flags & ~TransmissionFlag.flush, 'it knows no flushes'],
      [MIB, flags & ~TransmissionFlag.trim, 'it knows no discards'],
    ] as const) {
      await expect(comesBackWith(bytes, changed)).rejects.toMatchObject({
        code: 'disk.unreachable',
        message: expect.stringContaining(`another disk there than before: ${what}`) as string,
      });
    }
    expect(server.stable.equals(Buffer.alloc(MIB))).toBe(true);
    await comesBackWith(MIB, flags);
    expect(server.stable.subarray(0, 512)).toEqual(Buffer.from(content(0, 1, 1)));
    await close(image);
  });

  it('may have lost what it cannot take again: that fails as a write would, and is tried again', async () => {
    await using server = await VolatileNbdServer.start(MIB);
    const image = await openNbd(server.address, false, PATIENT);
    await write(image, 0, content(0, 1, 1));
    server.kill();
    server.fate = once({ [Command.write]: 28 });
    await expect(flush(image)).rejects.toMatchObject({ code: 'disk.no-space' });
    await flush(image);
    expect(server.stable.subarray(0, 512)).toEqual(Buffer.from(content(0, 1, 1)));
    await close(image);
  });

  it('is not waited for when its disk is closed: what it lacks is told', async () => {
    for (const how of ['is gone', 'says nothing'] as const) {
      for (const isWritten of [true, false]) {
        await using server = await VolatileNbdServer.start(MIB);
        const { promise: noted, resolve: note } = Promise.withResolvers<string>();
        const forever = { patienceMs: 2 ** 30, firstPauseMs: 2 ** 30, warn: note };
        const image = await openNbd(server.address, false, forever);
        if (isWritten) await write(image, 0, content(0, 1, 1));
        if (how === 'is gone') await server.stop();
        else server.hang();
        const reading = read(image, 0, 512);
        const closing = close(image);
        expect(await noted).toMatch(/^disk remote: the connection to .* ended/);
        image.hurry();
        await expect(reading).rejects.toMatchObject({
          code: 'disk.unreachable',
          message: expect.stringContaining(
            how === 'is gone' ? 'ECONNREFUSED' : 'no answer within 1000 ms',
          ) as string,
        });
        if (!isWritten) await closing;
        else {
          await expect(closing).rejects.toMatchObject({
            code: 'disk.lost',
            message: expect.stringContaining('it was closed while the NBD server') as string,
          });
        }
      }
    }
  });

  it('is tried once more when its disk is closed', async () => {
    await using server = await VolatileNbdServer.start(MIB);
    const image = await openNbd(server.address, false, PATIENT);
    await write(image, 0, content(0, 1, 1));
    server.kill();
    image.hurry();
    await close(image);
    expect(server.stable.subarray(0, 512)).toEqual(Buffer.from(content(0, 1, 1)));
  });
});

it('a server that answers what nobody asked is not believed any more', async () => {
  await using server = await VolatileNbdServer.start(MIB);
  const image = await openNbd(server.address, false, PATIENT);
  server.nonsense();
  await expect(read(image, 0, 512)).rejects.toMatchObject({ code: 'disk.lost' });
  await expect(flush(image)).rejects.toMatchObject({ code: 'disk.lost' });
  await expect(close(image)).rejects.toMatchObject({ code: 'disk.lost' });
});
