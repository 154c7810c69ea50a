/** Disks served by a real I/O worker, for a thread that sleeps on its doorbell. */
import {
  closeSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { portChannel } from '../api/port-channel.ts';
import type { DiskServiceCalls, DiskServiceEvents, OpenedDisk } from '../dom0/index.ts';
import { createDiskRing, createQcow2, DiskClient, DiskStatus } from '../dom0/index.ts';
import { qemuCheck, qemuImg } from '../dom0/block/testing/qemu-img.ts';
import { ScratchFolder } from '../dom0/block/testing/scratch-folder.ts';
import type { ErrorData } from '../../shared/errors.ts';
import { Doorbell } from '../../shared/ring/doorbell.ts';
import { workerUrl } from './worker-url.ts';

const MIB = 2 ** 20;

describe('an I/O worker', () => {
  const folder = new ScratchFolder();
  const worker = new Worker(workerUrl('io'));
  const channel = portChannel<DiskServiceCalls, DiskServiceEvents>(worker, 'the I/O worker', {});
  const doorbell = new Doorbell();
  let nextDisk = 0;

  beforeAll(async () => {
    await new Promise<void>((resolve) => worker.once('online', resolve));
  });
  afterAll(async () => {
    await worker.terminate();
    folder[Symbol.dispose]();
  });

  interface TestDisk extends OpenedDisk {
    disk: string;
    path: string;
    ring: SharedArrayBuffer;
    client: DiskClient;
    close(): Promise<void>;
  }

  async function rawDisk(bytes: number, readOnly = false): Promise<TestDisk> {
    const disk = `disk${nextDisk++}`;
    const path = folder.file(disk);
    writeFileSync(path, '');
    truncateSync(path, bytes);
    const fd = openSync(path, readOnly ? 'r' : 'r+');
    const ring = createDiskRing(MIB);
    const opened = await channel.call('disk.open', {
      disk,
      source: { kind: 'files', chain: [{ fd, format: 'raw', label: disk }] },
      readOnly,
      ring,
      doorbell: doorbell.buffer,
    });
    const close = async (): Promise<void> => {
      await channel.call('disk.close', { disk });
      closeSync(fd);
    };
    return { ...opened, disk, path, ring, client: new DiskClient(ring), close };
  }

  /** Sleeps as a domain's thread does: no event loop turns until everything is answered. */
  function sleepUntilIdle(...clients: DiskClient[]): void {
    const deadline = performance.now() + 20_000;
    for (;;) {
      const seen = doorbell.count;
      for (const client of clients) client.poll();
      if (clients.every((client) => client.inFlight === 0)) return;
      if (performance.now() > deadline) throw new Error('the disk does not answer');
      doorbell.wait(seen, 1000);
    }
  }

  it('reads what was written, by nothing but the ring and the doorbell', async () => {
    const { client, close, path, bytes } = await rawDisk(4 * MIB);
    expect(bytes).toBe(4 * MIB);
    const statuses: DiskStatus[] = [];
    for (let piece = 0; piece < 64; piece++) {
      const buffer = client.reserve(16 * 1024)!;
      buffer.bytes.fill(piece + 1);
      client.write(piece * 16 * 1024, buffer, (status) => statuses.push(status));
    }
    sleepUntilIdle(client);
    client.flush((status) => statuses.push(status));
    sleepUntilIdle(client);
    expect(statuses).toEqual(new Array(65).fill(DiskStatus.ok));
    for (let piece = 0; piece < 64; piece++) {
      const buffer = client.reserve(16 * 1024)!;
      client.read(piece * 16 * 1024, buffer, () => {
        expect(buffer.bytes.every((byte) => byte === piece + 1)).toBe(true);
      });
    }
    sleepUntilIdle(client);
    await close();
    expect(readFileSync(path)[MIB - 1]).toBe(64);
  });

  it('serves several disks at once, and what was asked before a close', async () => {
    const disks = await Promise.all([rawDisk(MIB), rawDisk(MIB), rawDisk(MIB)]);
    let answered = 0;
    for (const [number, { client }] of disks.entries()) {
      for (let turn = 0; turn < 100; turn++) {
        const buffer = client.reserve(4096)!;
        buffer.bytes.fill(number + 1);
        expect(client.write(turn * 4096, buffer, () => answered++)).toBe(true);
      }
      client.flush(() => answered++);
    }
    await Promise.all(disks.map((disk) => disk.close()));
    for (const { client } of disks) client.poll();
    expect(answered).toBe(303);
    for (const [number, { path }] of disks.entries()) {
      expect(
        readFileSync(path)
          .subarray(0, 409_600)
          .every((byte) => byte === number + 1),
      ).toBe(true);
    }
  });

  it('refuses requests that lie beyond the disk, and goes on', async () => {
    const { client, close } = await rawDisk(MIB);
    const statuses: DiskStatus[] = [];
    for (const offset of [MIB, MIB - 512, 2 ** 50]) {
      client.read(offset, client.reserve(1024)!, (status) => statuses.push(status));
    }
    client.read(MIB - 1024, client.reserve(1024)!, (status) => statuses.push(status));
    sleepUntilIdle(client);
    const { badRequest, ok } = DiskStatus;
    expect(statuses).toEqual([badRequest, badRequest, badRequest, ok]);
    await close();
  });

  it('says of nothing that it is stable in a file that was deleted, and where its content is', async () => {
    const { client, close, path, disk } = await rawDisk(MIB);
    const flush = (): DiskStatus[] => {
      const statuses: DiskStatus[] = [];
      client.flush((status) => statuses.push(status));
      sleepUntilIdle(client);
      return statuses;
    };
    const buffer = client.reserve(512)!;
    buffer.bytes.fill(7);
    client.write(0, buffer, () => undefined);
    sleepUntilIdle(client);
    expect(flush()).toEqual([DiskStatus.ok]);
    const other = `${path}-other`;
    linkSync(path, other);
    rmSync(path);
    // It has another name.
    expect(flush()).toEqual([DiskStatus.ok]);
    const failed = new Promise<{ error: ErrorData }>((resolve) =>
      channel.on('disk.failed', (event) => event.disk === disk && resolve(event)),
    );
    rmSync(other);
    expect(flush()).toEqual([DiskStatus.failed]);
    const { code, data } = (await failed).error;
    expect(code).toBe('disk.deleted');
    expect(readFileSync(data!['place'] as string)[0]).toBe(7);
    await expect(close()).rejects.toMatchObject({ code: 'disk.deleted' });
  });

  it('lets nobody write what is open for reading', async () => {
    const { client, close, readOnly } = await rawDisk(MIB, true);
    expect(readOnly).toBe(true);
    const statuses: DiskStatus[] = [];
    client.write(0, client.reserve(512)!, (status) => statuses.push(status));
    sleepUntilIdle(client);
    client.discard(0, 512, (status) => statuses.push(status));
    sleepUntilIdle(client);
    expect(statuses).toEqual([DiskStatus.readOnly, DiskStatus.readOnly]);
    await close();
  });

  it('grows a disk while it is used', async () => {
    const { client, close, disk } = await rawDisk(MIB);
    expect(await channel.call('disk.resize', { disk, bytes: 2 * MIB })).toEqual({ bytes: 2 * MIB });
    const statuses: DiskStatus[] = [];
    client.write(2 * MIB - 512, client.reserve(512)!, (status) => statuses.push(status));
    sleepUntilIdle(client);
    expect(statuses).toEqual([DiskStatus.ok]);
    await close();
  });

  it('serves a qcow2 overlay, and QEMU finds what was flushed', async () => {
    const base = folder.file('base.raw');
    writeFileSync(base, new Uint8Array(2 * MIB).fill(7));
    const path = folder.file('top.qcow2');
    const fds = [openSync(path, 'w+'), openSync(base, 'r')] as const;
    createQcow2(fds[0], 'top', { bytes: 4 * MIB, backing: { name: 'base.raw', format: 'raw' } });
    const chain = [
      { fd: fds[0], format: 'qcow2' as const, label: 'top' },
      { fd: fds[1], format: 'raw' as const, label: 'base' },
    ];
    const ring = createDiskRing(MIB);
    const opened = await channel.call('disk.open', {
      disk: 'overlay',
      source: { kind: 'files', chain },
      readOnly: false,
      ring,
      doorbell: doorbell.buffer,
    });
    expect(opened).toEqual({ bytes: 4 * MIB, readOnly: false, discardBytes: 65_536 });
    const client = new DiskClient(ring);
    const statuses: DiskStatus[] = [];
    const buffer = client.reserve(1024)!;
    buffer.bytes.fill(8);
    client.write(MIB - 512, buffer, (status) => statuses.push(status));
    sleepUntilIdle(client);
    client.flush((status) => statuses.push(status));
    sleepUntilIdle(client);
    expect(statuses).toEqual([DiskStatus.ok, DiskStatus.ok]);
    // Not closed yet: a flush is enough.
    const seen = folder.file('seen.raw');
    qemuImg('convert', '-U', '-f', 'qcow2', '-O', 'raw', path, seen);
    const expected = Buffer.alloc(4 * MIB)
      .fill(7, 0, 2 * MIB)
      .fill(8, MIB - 512, MIB + 512);
    expect(readFileSync(seen).equals(expected)).toBe(true);
    await channel.call('disk.close', { disk: 'overlay' });
    expect(qemuCheck(path)).toBe('clean');
    for (const fd of fds) closeSync(fd);
  });

  it('closes a ring that holds what no client writes, and serves the others', async () => {
    const [bad, good] = await Promise.all([rawDisk(MIB), rawDisk(MIB)]);
    const broken = new Promise((resolve) => channel.on('disk.broken', resolve));
    const words = new Int32Array(bad.ring);
    Atomics.store(words, 0, 12_345);
    Atomics.notify(words, 0);
    expect(await broken).toEqual({ disk: bad.disk });
    expect(bad.client.closed).toBe(true);
    good.client.flush((status) => expect(status).toBe(DiskStatus.ok));
    sleepUntilIdle(good.client);
    await Promise.all([bad.close(), good.close()]);
  });

  it('says of a name that it is open already, or not', async () => {
    const { disk, close, ring } = await rawDisk(MIB);
    const source = { kind: 'files' as const, chain: [] };
    const params = { disk, source, readOnly: true, ring, doorbell: doorbell.buffer };
    await expect(channel.call('disk.open', params)).rejects.toMatchObject({ code: 'disk.in-use' });
    await close();
    await expect(channel.call('disk.close', { disk })).rejects.toMatchObject({
      code: 'disk.not-open',
    });
  });
});
