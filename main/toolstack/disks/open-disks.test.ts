/** The disks of a life, served by a real I/O worker to a thread that sleeps on its doorbell. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from 'vitest';
import { Doorbell } from '../../../shared/ring/doorbell.ts';
import { DiskClient, DiskCounter, diskCounters, DiskStatus } from '../../dom0/index.ts';
import { qemuCheck, qemuIo } from '../../dom0/block/testing/qemu-img.ts';
import type { DiskSpec } from '../control/host.contract.ts';
import { openSource } from '../storage/open-source.ts';
import { createVolume, removeVolume } from '../storage/volumes.ts';
import type { DiskDefinition } from '../store/domain-table.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { TestStorage } from '../testing/test-storage.ts';
import { DiskService } from './disk-service.ts';
import type { OpenDisks } from './open-disks.ts';

const MIB = 2 ** 20;
const { parts, folder } = await TestStorage.open();
const { storage } = parts;
const doorbell = new Doorbell();
let domid = 1;
/** I/O workers. */
let started = 0;
/** A file system apart from that of temporary folders. */
const OTHER = '/dev/shm';
const hasOther = existsSync(OTHER) && statSync(OTHER).dev !== statSync(tmpdir()).dev;

const service = new DiskService({
  factory: () => {
    started++;
    return new Worker(new URL('../../workers/io.worker.ts', import.meta.url));
  },
  home: folder,
  open: (disk, user, host) => openSource(storage, disk, user, host),
  log: () => undefined,
  lost: () => undefined,
});
afterAll(() => service.close());

const lifeOf = (name: string, host = 'alpha'): OpenDisks =>
  service.life({
    domid: domid++,
    name: () => name,
    host: () => host,
    doorbell: doorbell.buffer,
  });

const disk = (source: string, more: Partial<DiskDefinition> = {}): DiskDefinition => ({
  name: 'xvda',
  source,
  format: 'qcow2',
  readOnly: false,
  discard: true,
  onError: 'pause',
  bytes: null,
  ...more,
});

/** One request, as a domain's thread makes it: no event loop turns until it is answered. */
function ask(
  { ring }: DiskSpec,
  start: (client: DiskClient, done: (status: DiskStatus) => void) => void,
): DiskStatus {
  const client = new DiskClient(ring);
  let answer: DiskStatus | null = null;
  start(client, (status) => (answer = status));
  for (let turn = 0; turn < 200 && answer === null; turn++) {
    const seen = doorbell.count;
    if (client.poll() === 0) doorbell.wait(seen, 100);
  }
  if (answer === null) throw new Error('the disk does not answer');
  return answer;
}

describe('a disk of a life', () => {
  test('is an overlay with what lies beneath, and everything is let go of after it', async () => {
    await createVolume(parts, { pool: 'default', volume: 'base', sizeMiB: 8 });
    const { folder: pool } = storage.pools.get('default');
    qemuIo(pool.at('base'), 'write -P 7 0 1M');
    await createVolume(parts, { pool: 'default', volume: 'top', over: 'default/base' });
    const life = lifeOf('web1');
    const spec = await life.add(disk('default/top'));
    expect(spec).toMatchObject({ name: 'xvda', bytes: 8 * MIB, onError: 'pause', discard: true });
    const read = ask(spec, (client, done) => {
      const buffer = client.reserve(4096)!;
      client.read(64 * 1024, buffer, (status) => {
        expect(buffer.bytes.every((byte) => byte === 7)).toBe(true);
        done(status);
      });
    });
    expect(read).toBe(DiskStatus.ok);
    await expect(lifeOf('web2').add(disk('default/top'))).rejects.toMatchObject({
      code: 'disk.in-use',
      message: expect.stringContaining('in use by domain web1, which writes it') as string,
    });
    await expect(lifeOf('web2').add(disk('default/base'))).rejects.toMatchObject({
      code: 'disk.in-use',
    });
    await life.closeAll();
    await expect(lifeOf('web2').add(disk('default/base'))).rejects.toMatchObject({
      code: 'volume.has-overlays',
    });
    await removeVolume(parts, { pool: 'default', volume: 'top' });
    await removeVolume(parts, { pool: 'default', volume: 'base' });
  });

  test('goes on where it moves to, and so do its counters', async () => {
    await createVolume(parts, { pool: 'default', volume: 'moves', sizeMiB: 8 });
    const life = lifeOf('web1');
    const first = await life.add(disk('default/moves'));
    diskCounters(first.ring)[DiskCounter.writes] = 3;
    const write = ask(first, (client, done) => {
      const buffer = client.reserve(4096)!;
      buffer.bytes.fill(5);
      client.write(0, buffer, done);
    });
    expect(write).toBe(DiskStatus.ok);
    const specs = life.withNewRings();
    await life.moveTo(specs);
    const [second] = life.specs;
    expect(diskCounters(second!.ring)[DiskCounter.writes]).toBe(3);
    const read = ask(second!, (client, done) => {
      const buffer = client.reserve(4096)!;
      client.read(0, buffer, (status) => {
        expect(buffer.bytes[4095]).toBe(5);
        done(status);
      });
    });
    expect(read).toBe(DiskStatus.ok);
    expect(await life.resize('xvda', 16 * MIB)).toBe(16 * MIB);
    await life.remove('xvda');
    expect(qemuCheck(storage.pools.get('default').folder.at('moves'))).toBe('clean');
    await removeVolume(parts, { pool: 'default', volume: 'moves' });
  });

  test('goes on with another thread when its own is gone, as it is: nothing of it is closed', async () => {
    const { folder: pool } = storage.pools.get('default');
    await createVolume(parts, { pool: 'default', volume: 'handed', sizeMiB: 8 });
    const life = lifeOf('web1');
    const first = await life.add(disk('default/handed'));
    diskCounters(first.ring)[DiskCounter.writes] = 3;
    // Published, and its thread does not live to hear of it.
    const client = new DiskClient(first.ring);
    const buffer = client.reserve(4096)!;
    buffer.bytes.fill(5);
    client.write(4096, buffer, () => undefined);
    const specs = life.withNewRings();
    await life.handTo(specs);
    const [second] = life.specs;
    expect(second!.ring).toBe(specs[0]!.ring);
    expect(diskCounters(second!.ring)[DiskCounter.writes]).toBe(3);
    const read = ask(second!, (other, done) => {
      const into = other.reserve(4096)!;
      other.read(4096, into, (status) => {
        expect(into.bytes.every((byte) => byte === 5)).toBe(true);
        done(status);
      });
    });
    expect(read).toBe(DiskStatus.ok);
    await life.remove('xvda');
    expect(qemuCheck(pool.at('handed'))).toBe('clean');
    await removeVolume(parts, { pool: 'default', volume: 'handed' });
  });

  test.skipIf(!hasOther)('is served by the workers of its medium, and by no other’s', async () => {
    const other = mkdtempSync(join(OTHER, 'domus-'));
    try {
      const life = lifeOf('web1');
      for (const name of ['xvda', 'xvdb', 'xvdc'] as const) {
        await createVolume(parts, { pool: 'default', volume: name, sizeMiB: 1 });
        await life.add(disk(`default/${name}`, { name }));
      }
      const before = started;
      writeFileSync(join(other, 'disk.img'), Buffer.alloc(MIB));
      await life.add(disk(join(other, 'disk.img'), { name: 'xvdd', format: 'raw' }));
      expect(started).toBe(before + 1);
      await life.remove('xvda');
      await life.add(disk('default/xvda'));
      expect(started).toBe(before + 1);
      await life.closeAll();
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  test('can be a network block device', async () => {
    const at = temporaryFolder();
    const file = join(at, 'nbd.img');
    const pidFile = join(at, 'nbd.pid');
    writeFileSync(file, Buffer.alloc(MIB));
    const port = await freePort();
    const where = ['--bind=127.0.0.1', `--port=${port}`, '--export-name=a b', '--format=raw'];
    const how = ['--persistent', '--shared=4', '--fork', `--pid-file=${pidFile}`];
    execFileSync('qemu-nbd', [...where, ...how, file]);
    try {
      const source = `nbd://127.0.0.1:${port}/a%20b`;
      const life = lifeOf('web1');
      const spec = await life.add(disk(source, { format: 'raw' }));
      expect(spec.bytes).toBe(MIB);
      const write = ask(spec, (client, done) => {
        const buffer = client.reserve(512)!;
        buffer.bytes.fill(6);
        client.write(512, buffer, done);
      });
      expect(write).toBe(DiskStatus.ok);
      const second = lifeOf('web2').add(disk(source, { format: 'raw', readOnly: true }));
      await expect(second).rejects.toMatchObject({ code: 'disk.in-use' });
      await life.closeAll();
      expect(readFileSync(file).subarray(511, 1025)).toEqual(
        Buffer.concat([Buffer.alloc(1), Buffer.alloc(512, 6), Buffer.alloc(1)]),
      );
      const none = lifeOf('web2').add(disk(`nbd://127.0.0.1:${port}/none`, { format: 'raw' }));
      await expect(none).rejects.toMatchObject({ code: 'disk.unreachable' });
    } finally {
      process.kill(Number(readFileSync(pidFile, 'utf8')));
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
