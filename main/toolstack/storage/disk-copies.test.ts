/** Disks that go to other volumes while they are written, by a real I/O worker. */
import { existsSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from 'vitest';
import type { DiskFormat } from '../../../shared/contract/index.ts';
import { Doorbell } from '../../../shared/ring/doorbell.ts';
import { DiskClient, DiskStatus } from '../../dom0/index.ts';
import { content } from '../../dom0/block/testing/disk-model.ts';
import { qemuCheck, qemuImg } from '../../dom0/block/testing/qemu-img.ts';
import { DiskService } from '../disks/disk-service.ts';
import type { OpenDisks } from '../disks/open-disks.ts';
import type { DiskDefinition } from '../store/domain-table.ts';
import { host } from '../testing/records.ts';
import { TestStorage } from '../testing/test-storage.ts';
import { DiskCopies } from './disk-copies.ts';
import { deleteAllDoomed } from './doomed-volumes.ts';
import { openSource } from './open-source.ts';
import { planCopies } from './plan-copies.ts';
import type { StoragePool } from './pool-registry.ts';
import { createVolume } from './volumes.ts';

const MIB = 2 ** 20;
const testStorage = await TestStorage.open();
const { folder, store, log } = testStorage;
const parts = { ...testStorage.parts, store, log };
const { storage } = parts;
const { pools } = storage;
for (const name of ['alpha', 'beta']) {
  store.hosts.insert(host(name));
  await pools.add({ name: `disks-${name}`, kind: 'local', host: name });
}
const [alpha, beta] = [pools.get('disks-alpha'), pools.get('disks-beta')];

const service = new DiskService({
  factory: () => new Worker(new URL('../../workers/io.worker.ts', import.meta.url)),
  home: folder,
  open: (disk, user, host) => openSource(storage, disk, user, host),
  log: () => undefined,
  lost: () => undefined,
});
afterAll(() => service.close());
let domid = 1;

/** A guest's disk in use: it writes when it is told to, and knows what it was told is stable. */
class Writer {
  readonly model: Buffer;
  readonly disks: OpenDisks;
  readonly definition: DiskDefinition;
  private client!: DiskClient;
  private turn = 1;

  private constructor(definition: DiskDefinition, sizeMiB: number) {
    this.definition = definition;
    this.model = Buffer.alloc(sizeMiB * MIB);
    this.disks = service.life({
      domid: domid++,
      name: () => 'web1',
      host: () => 'alpha',
      doorbell: new Doorbell().buffer,
    });
  }

  static async on(volume: string, format: DiskFormat, sizeMiB: number): Promise<Writer> {
    await createVolume(parts, { pool: alpha.name, volume, sizeMiB, format });
    const writer = new Writer(
      {
        name: 'xvda',
        source: `${alpha.name}/${volume}`,
        format,
        readOnly: false,
        discard: true,
        onError: 'pause',
        bytes: sizeMiB * MIB,
      },
      sizeMiB,
    );
    writer.client = new DiskClient((await writer.disks.add(writer.definition)).ring);
    return writer;
  }

  /** A write somewhere, and every eighth time a flush. */
  async write(): Promise<void> {
    const turn = this.turn++;
    const sectors = 1 + ((turn * 7) % 200);
    const at = (turn * 7919) % (this.model.length / 512 - sectors);
    const data = content(at, sectors, turn % 5 === 0 ? 0 : turn % 256);
    this.model.set(data, at * 512);
    const buffer = this.client.reserve(data.length)!;
    buffer.bytes.set(data);
    await this.answered((done) => this.client.write(at * 512, buffer, done));
    if (turn % 8 === 0) await this.flush();
  }

  async flush(): Promise<void> {
    await this.answered((done) => this.client.flush(done));
  }

  async whileNot(over: Promise<unknown>): Promise<void> {
    let isOver = false;
    void over.finally(() => (isOver = true)).catch(() => undefined);
    while (!isOver) await this.write();
  }

  private async answered(ask: (done: (status: DiskStatus) => void) => void): Promise<void> {
    let status: DiskStatus | null = null;
    ask((answer) => (status = answer));
    while (status === null) {
      await setImmediate();
      this.client.poll();
    }
    expect(status).toBe(DiskStatus.ok);
  }
}

async function copiesOf(writer: Writer, keepsOriginals = false): Promise<DiskCopies> {
  const plans = await planCopies(storage, [writer.definition], 'beta');
  return new DiskCopies(parts, plans, 'domain web1', { bytesPerSecond: 2 ** 33, keepsOriginals });
}

const at = (pool: StoragePool, volume: string): string => join(pool.path, volume);

/** What a volume shows, as QEMU reads it. */
function shown(pool: StoragePool, volume: string, format: DiskFormat): Buffer {
  if (format === 'raw') return readFileSync(at(pool, volume));
  expect(qemuCheck(at(pool, volume))).toBe('clean');
  const raw = join(folder, `${volume}.seen`);
  qemuImg('convert', '-f', format, '-O', 'raw', at(pool, volume), raw);
  return readFileSync(raw);
}

function unfinished(pool: StoragePool): string[] {
  return readdirSync(pool.folder.workshop).filter((name) => pool.folder.isUnfinished(name));
}

describe('a disk that goes to another pool', () => {
  test.each<DiskFormat>(['raw', 'qcow2'])(
    'has all that was written meanwhile: %s',
    async (format) => {
      const volume = `moving-${format}`;
      const writer = await Writer.on(volume, format, 24);
      for (let turn = 0; turn < 50; turn++) await writer.write();
      const copies = await copiesOf(writer);
      const told: string[] = [];
      const copying = copies.copy(writer.disks, (_, detail) => told.push(detail));
      await writer.whileNot(copying);
      await copying;
      for (let turn = 0; turn < 50; turn++) await writer.write();
      expect(told.at(-1)).toContain(`copying xvda to disks-beta/${volume}: `);
      expect(store.doomedVolumes.all()).toEqual([`disks-beta/${volume}`]);
      await copies.bind();
      await writer.flush();
      // Both are whole now: whichever the definition names after a loss of power is the disk.
      expect(shown(beta, volume, format).equals(shown(alpha, volume, format))).toBe(true);
      store.transaction(() => copies.note());
      expect(store.doomedVolumes.all()).toEqual([`disks-alpha/${volume}`]);
      for (let turn = 0; turn < 20; turn++) await writer.write();
      await copies.keep();
      for (let turn = 0; turn < 50; turn++) await writer.write();
      await copies.finish();
      expect(existsSync(at(alpha, volume))).toBe(false);
      expect(store.doomedVolumes.all()).toEqual([]);
      expect(copies.definitions([writer.definition])).toMatchObject([
        { source: `disks-beta/${volume}` },
      ]);
      await writer.disks.closeAll();
      expect(shown(beta, volume, format).equals(writer.model)).toBe(true);
      expect(copies.report).toMatchObject([{ name: 'xvda', to: `disks-beta/${volume}` }]);
    },
  );

  test('is let go of without a trace when that is undone at any step', async () => {
    const writer = await Writer.on('staying', 'qcow2', 16);
    for (let turn = 0; turn < 50; turn++) await writer.write();
    for (const step of ['begun', 'copied', 'bound'] as const) {
      const copies = await copiesOf(writer);
      const copying = copies.copy(writer.disks, () => undefined);
      if (step === 'begun') {
        const stopped = expect(copying).rejects.toMatchObject({ code: 'disk.stopped' });
        await writer.write();
        await Promise.all([copies.undo(), stopped]);
      } else {
        await writer.whileNot(copying);
        if (step === 'bound') await copies.bind();
        await writer.write();
        await copies.undo();
      }
      expect(existsSync(at(beta, 'staying'))).toBe(false);
      expect(unfinished(beta)).toEqual([]);
      expect(store.doomedVolumes.all()).toEqual([]);
      for (let turn = 0; turn < 20; turn++) await writer.write();
    }
    await writer.disks.closeAll();
    expect(shown(alpha, 'staying', 'qcow2').equals(writer.model)).toBe(true);
  });

  test('whose domain ends on the way is closed well, and its copy can be undone', async () => {
    const writer = await Writer.on('ending', 'raw', 16);
    for (let turn = 0; turn < 20; turn++) await writer.write();
    const copies = await copiesOf(writer);
    const copying = copies.copy(writer.disks, () => undefined);
    await writer.write();
    await Promise.all([writer.disks.closeAll(), copying.catch(() => undefined)]);
    await copies.undo();
    expect(unfinished(beta)).toEqual([]);
    expect(readFileSync(at(alpha, 'ending')).equals(writer.model)).toBe(true);
  });

  test('whose domain ends right after the commit leaves a copy with everything', async () => {
    const writer = await Writer.on('late', 'raw', 16);
    const copies = await copiesOf(writer, true);
    await writer.whileNot(copies.copy(writer.disks, () => undefined));
    for (let turn = 0; turn < 20; turn++) await writer.write();
    await copies.bind();
    for (let turn = 0; turn < 20; turn++) await writer.write();
    store.transaction(() => copies.note());
    await writer.disks.closeAll();
    await expect(copies.keep()).rejects.toMatchObject({ code: 'disk.not-open' });
    await copies.finish();
    expect(readFileSync(at(beta, 'late')).equals(writer.model)).toBe(true);
    expect(existsSync(at(alpha, 'late'))).toBe(true);
  });

  test('keeps its holes', async () => {
    const writer = await Writer.on('sparse', 'raw', 512);
    await writer.write();
    const copies = await copiesOf(writer, true);
    await copies.copy(writer.disks, () => undefined);
    expect(statSync(at(beta, 'sparse')).size).toBe(512 * MIB);
    expect(statSync(at(beta, 'sparse')).blocks * 512).toBeLessThan(MIB);
    await copies.undo();
    await writer.disks.closeAll();
  });

  test('that a killed program left is deleted by the next, the copy or the original', async () => {
    await createVolume(parts, { pool: alpha.name, volume: 'left', sizeMiB: 8 });
    store.doomedVolumes.add('disks-alpha/left');
    store.doomedVolumes.add('disks-alpha/never-made');
    // Its pool comes back later.
    renameSync(alpha.path, `${alpha.path}.away`);
    const over = deleteAllDoomed(parts, new AbortController().signal, 5);
    await expect.poll(() => store.doomedVolumes.all()).toContain('disks-alpha/left');
    renameSync(`${alpha.path}.away`, alpha.path);
    await over;
    expect(existsSync(at(alpha, 'left'))).toBe(false);
    expect(store.doomedVolumes.all()).toEqual([]);
  });
});

describe('the place of a copy', () => {
  const onAlpha = (volume: string): DiskDefinition => ({
    name: 'xvda',
    source: `${alpha.name}/${volume}`,
    format: 'qcow2',
    readOnly: false,
    discard: true,
    onError: 'pause',
    bytes: null,
  });

  test('is a local pool of the host, under a name that is free', async () => {
    await createVolume(parts, { pool: alpha.name, volume: 'twin.qcow2', sizeMiB: 8 });
    await createVolume(parts, { pool: beta.name, volume: 'twin.qcow2', sizeMiB: 8 });
    const [plan] = await planCopies(storage, [onAlpha('twin.qcow2')], 'beta');
    expect(plan).toMatchObject({ pool: { name: 'disks-beta' }, volume: 'twin-2.qcow2' });
  });

  test('is a shared pool where the host has none of its own, or the one that is named', async () => {
    const [shared] = await planCopies(storage, [onAlpha('twin.qcow2')], 'gamma');
    expect(shared).toMatchObject({ pool: { name: 'default' }, volume: 'twin.qcow2' });
    const [named] = await planCopies(storage, [onAlpha('twin.qcow2')], 'beta', 'default');
    expect(named).toMatchObject({ pool: { name: 'default' } });
  });

  test('is refused with a sentence where there is none', async () => {
    await expect(
      planCopies(storage, [onAlpha('twin.qcow2')], 'gamma', beta.name),
    ).rejects.toMatchObject({
      code: 'disk.no-pool',
      message: expect.stringContaining('seen by beta only, not by gamma') as string,
    });
    pools.remove(pools.get('default'));
    await expect(planCopies(storage, [onAlpha('twin.qcow2')], 'gamma')).rejects.toMatchObject({
      code: 'disk.no-pool',
      message: expect.stringContaining('there is no pool') as string,
    });
    await expect(
      planCopies(storage, [{ ...onAlpha('x'), source: '/some/file' }], 'beta', beta.name),
    ).rejects.toMatchObject({ code: 'disk.not-a-volume' });
  });
});
