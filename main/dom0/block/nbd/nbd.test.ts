import { once } from 'node:events';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settled } from '../done.ts';
import { content, readAll } from '../testing/disk-model.ts';
import { NbdServer } from '../testing/nbd-server.ts';
import { ScratchFolder } from '../testing/scratch-folder.ts';
import { openNbd } from './nbd-image.ts';
import type { NbdImage } from './nbd-image.ts';

const MIB = 2 ** 20;

function open(port: number, readOnly = false, exportName = 'disk'): Promise<NbdImage> {
  const address = { host: '127.0.0.1', port, exportName, label: 'remote' };
  return openNbd(address, readOnly, { patienceMs: 0 });
}

describe('a disk on qemu-nbd', () => {
  it('holds what is written, with many requests under way', async () => {
    using folder = new ScratchFolder();
    const path = folder.file('disk.raw');
    writeFileSync(path, '');
    truncateSync(path, 40 * MIB);
    await using server = await NbdServer.start(path, '--discard=unmap');
    const image = await open(server.port);
    expect(image).toMatchObject({ bytes: 40 * MIB, readOnly: false, discardBytes: 512 });
    const expected = Buffer.alloc(40 * MIB);
    const writes: Promise<void>[] = [];
    for (let at = 0; at < 64; at++) {
      const shared = new Uint8Array(new SharedArrayBuffer(8192));
      shared.set(content(at * 20, 16, at + 1));
      expected.set(shared, at * 20 * 512);
      const pieces = [shared.subarray(0, 512), shared.subarray(512)];
      writes.push(settled((done) => image.write(at * 20 * 512, pieces, done)));
    }
    await Promise.all(writes);
    await settled((done) => image.flush(done));
    // Larger than what one request may carry.
    expect((await readAll(image)).equals(expected)).toBe(true);
    await settled((done) => image.discard(0, 4 * MIB, done));
    expected.fill(0, 0, 4 * MIB);
    await settled((done) => image.close(done));
    await server.stop();
    expect(readFileSync(path).equals(expected)).toBe(true);
  });

  it('is read only when its server says so', async () => {
    using folder = new ScratchFolder();
    const path = folder.file('disk.raw');
    writeFileSync(path, new Uint8Array(MIB));
    await using server = await NbdServer.start(path, '-r');
    const image = await open(server.port);
    expect(image.readOnly).toBe(true);
    const write = settled((done) => image.write(0, [new Uint8Array(512)], done));
    await expect(write).rejects.toMatchObject({ code: 'disk.read-only' });
    await settled((done) => image.close(done));
  });

  it('is not there when the export or the server is not', async () => {
    using folder = new ScratchFolder();
    const path = folder.file('disk.raw');
    writeFileSync(path, new Uint8Array(MIB));
    const server = await NbdServer.start(path);
    await expect(open(server.port, false, 'other')).rejects.toMatchObject({
      code: 'disk.unreachable',
      message: expect.stringContaining('refused the export') as string,
    });
    await server.stop();
    await expect(open(server.port)).rejects.toMatchObject({ code: 'disk.unreachable' });
  });
});

describe('an NBD server that is none', () => {
  it('is refused, whatever it says, and costs no time', async () => {
    let says: Uint8Array = new Uint8Array(0);
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.end(says);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    // A greeting, an answer of type info that says the size, and an end of the answers.
    const proper = Buffer.from(
      '4e42444d41474943' +
        '49484156454f5054' +
        '0003' +
        '0003e889045565a9' +
        '00000007' +
        '00000003' +
        '0000000c' +
        '0000' +
        '0000000000100000' +
        '0001' +
        '0003e889045565a9' +
        '00000007' +
        '00000001' +
        '00000000',
      'hex',
    );
    const damage = fc.array(fc.tuple(fc.nat(proper.length - 1), fc.nat(255)), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(proper.length), async (changes, length) => {
        const bytes = Buffer.from(proper.subarray(0, length));
        for (const [at, byte] of changes) if (at < length) bytes[at] = byte;
        says = bytes;
        try {
          const image = await open(port);
          const sector = settled((done) => image.read(0, [new Uint8Array(512)], done));
          await expect(sector).rejects.toMatchObject({
            code: expect.stringMatching(/^disk\.(lost|unreachable)$/) as string,
          });
        } catch (error) {
          expect(error).toMatchObject({ code: 'disk.unreachable' });
        }
      }),
      { numRuns: 150 },
    );
    for (const socket of sockets) socket.destroy();
    server.close();
  });
});
