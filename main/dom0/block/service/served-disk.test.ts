import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Doorbell } from '../../../../shared/ring/doorbell.ts';
import type { Done } from '../disk-image.ts';
import { openNbd } from '../nbd/nbd-image.ts';
import { RawImage } from '../raw.ts';
import { DiskClient } from '../ring/disk-client.ts';
import { DiskRingServer } from '../ring/disk-ring-server.ts';
import { createDiskRing, DiskStatus } from '../ring/disk-ring.abi.ts';
import { MemoryFile } from '../testing/memory-file.ts';
import { VolatileNbdServer } from '../testing/volatile-nbd-server.ts';
import { ServedDisk } from './served-disk.ts';

function serve(file: MemoryFile) {
  const ring = createDiskRing(64 * 1024);
  const client = new DiskClient(ring);
  const failures: string[] = [];
  const doorbell = new Doorbell();
  const disk = new ServedDisk(new RawImage(file), new DiskRingServer(ring), doorbell, {
    onFailed: ({ code }) => failures.push(code),
    onBroken: () => failures.push('broken'),
  });
  const write = (offset: number): Promise<DiskStatus> =>
    new Promise((resolve) => {
      const buffer = client.reserve(512)!;
      buffer.bytes.fill(1);
      client.write(offset, buffer, resolve);
    });
  /** Lets the disk have its turns until the client was told `count` more times. */
  const answers = async (count: number): Promise<void> => {
    while ((count -= client.poll()) > 0) await setImmediate();
  };
  return { disk, client, doorbell, failures, write, answers };
}

describe('a served disk', () => {
  it('fails when its file is full, says so once, and goes on when there is room', async () => {
    const file = new MemoryFile();
    file.extend(64 * 1024);
    const { failures, write, answers } = serve(file);
    file.room = 1024;
    const first = [write(0), write(512), write(1024), write(2048)];
    await answers(4);
    const { ok, noSpace } = DiskStatus;
    expect(await Promise.all(first)).toEqual([ok, ok, noSpace, noSpace]);
    expect(failures).toEqual(['disk.no-space']);
    file.room = Infinity;
    const again = write(1024);
    await answers(1);
    expect(await again).toBe(ok);
    file.room = 1024;
    void write(1024);
    await answers(1);
    expect(failures).toEqual(['disk.no-space', 'disk.no-space']);
  });

  it('answers reads and writes while a flush is under way, and the flush when it is over', async () => {
    const file = new MemoryFile();
    file.extend(4096);
    const syncs: Done[] = (file.heldSyncs = []);
    const { client, doorbell, write, answers } = serve(file);
    let flushed: DiskStatus | null = null;
    client.flush((status) => (flushed = status));
    const written = write(0);
    await answers(1);
    expect(await written).toBe(DiskStatus.ok);
    expect(flushed).toBeNull();
    const rung = doorbell.count;
    syncs.pop()!(null);
    expect(doorbell.count).toBe(rung + 1);
    client.poll();
    expect(flushed).toBe(DiskStatus.ok);
  });

  it('is closed only after its outstanding requests', async () => {
    const file = new MemoryFile();
    file.extend(4096);
    const syncs: Done[] = (file.heldSyncs = []);
    const { disk, client } = serve(file);
    const statuses: DiskStatus[] = [];
    client.flush((status) => statuses.push(status));
    let closed = false;
    const closing = disk.close().then(() => (closed = true));
    while (syncs.length === 0) await setImmediate();
    for (let turn = 0; turn < 10; turn++) await setImmediate();
    expect(closed).toBe(false);
    syncs.pop()!(null);
    while (syncs.length === 0) await setImmediate();
    expect(closed).toBe(false);
    syncs.pop()!(null); // the last sync, of the close itself
    await closing;
    client.poll();
    expect(statuses).toEqual([DiskStatus.ok]);
    expect(client.closed).toBe(true);
  });

  it('is given to another client when its own is gone, and what that had asked for has ended', async () => {
    const file = new MemoryFile();
    file.extend(4096);
    const syncs: Done[] = (file.heldSyncs = []);
    const { disk, client, write } = serve(file);
    const statuses: DiskStatus[] = [];
    void write(512);
    client.flush((status) => statuses.push(status));
    let released = false;
    const releasing = disk.release().then((image) => ((released = true), image));
    while (syncs.length === 0) await setImmediate();
    for (let turn = 0; turn < 10; turn++) await setImmediate();
    expect(released).toBe(false);
    syncs.pop()!(null);
    const image = await releasing;
    expect(syncs).toEqual([]); // nothing is closed
    expect(client.closed).toBe(true);
    const sector = new Uint8Array(512);
    await new Promise<void>((resolve) => image.read(512, [sector], () => resolve()));
    expect(sector).toEqual(new Uint8Array(512).fill(1));
  });

  it('whose server is away is closed without waiting for it, or with its requests if it is told to', async () => {
    for (const isPatient of [false, true]) {
      await using server = await VolatileNbdServer.start(4096);
      const image = await openNbd(server.address, false, { patienceMs: 2 ** 30, firstPauseMs: 1 });
      await server.stop();
      const ring = createDiskRing(64 * 1024);
      const client = new DiskClient(ring);
      const failures: string[] = [];
      const disk = new ServedDisk(image, new DiskRingServer(ring), new Doorbell(), {
        onFailed: ({ code }) => failures.push(code),
        onBroken: () => failures.push('broken'),
      });
      const statuses: DiskStatus[] = [];
      client.flush((status) => statuses.push(status));
      const closing = disk.close(isPatient);
      if (isPatient) await server.listen();
      await closing;
      client.poll();
      expect(statuses).toEqual([isPatient ? DiskStatus.ok : DiskStatus.unreachable]);
      expect(failures).toEqual(isPatient ? [] : ['disk.unreachable']);
    }
  });
});
