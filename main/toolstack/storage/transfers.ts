/** Uploads and downloads of volumes: what they hold while they go on, and how they end. */
import { randomUUID } from 'node:crypto';
import { fstat } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { DiskFormat, Volume } from '../../../shared/contract/index.ts';
import type { Handlers } from '../../../shared/channel/channel.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { ContentCalls } from '../control/content.contract.ts';
import { removeDiskFile } from '../disks/disk-file.ts';
import type { LockedFile } from '../disks/locked-file.ts';
import { openVolume, requireNoOverlays } from './open-volume.ts';
import type { StoragePool } from './pool-registry.ts';
import type { StorageParts } from './storage-parts.ts';
import { discard, publish, takeIfThere } from './volume-file.ts';

const statOf = promisify(fstat);

const MOST_TRANSFERS = 32;
/** Left free on a medium: a full one is everybody's trouble. */
const SPARED_BYTES = 64 * 2 ** 20;

type Receive = ContentCalls['content.receive'];
type Send = ContentCalls['content.send'];

interface Incoming {
  kind: 'in';
  pool: StoragePool;
  volume: string;
  format: DiskFormat;
  file: LockedFile;
  release: () => void;
}

interface Outgoing {
  kind: 'out';
  close(): Promise<void>;
}

export class Transfers {
  readonly handlers: Handlers<ContentCalls> = {
    'content.receive': (params) => this.receive(params),
    'content.received': ({ transfer }) => this.received(transfer),
    'content.send': (params) => this.send(params),
    'content.end': ({ transfer }) => this.end(transfer),
  };
  private readonly parts: StorageParts;
  private readonly going = new Map<string, Incoming | Outgoing>();

  constructor(parts: StorageParts) {
    this.parts = parts;
  }

  /**
   * The program ends: what has not arrived whole is deleted, where the folder answers. Descriptors may
   * still be in use.
   */
  async close(): Promise<void> {
    await Promise.all(
      [...this.going.values()].map(async (going) => {
        if (going.kind === 'out') return;
        const { file, pool } = going;
        await pool.folder.turns.leave(() => removeDiskFile(file.path));
      }),
    );
  }

  private async receive({
    pool: name,
    volume,
    format,
    bytes,
  }: Receive['params']): Promise<Receive['result']> {
    this.requireRoom();
    const { storage } = this.parts;
    const pool = await storage.usable(name);
    const what = `the upload of ${name}/${volume}`;
    const mostBytes = await freeBytes(pool);
    if (bytes !== null && bytes > mostBytes) throw noSpace(pool, bytes, mostBytes);
    const release = storage.claim(pool, volume, what);
    try {
      await this.letGo(pool, await this.taken(pool, volume, what));
      const file = await storage.newFile(pool, what);
      const transfer = this.begin({ kind: 'in', pool, volume, format, file, release });
      return { transfer, fd: file.fd, mostBytes };
    } catch (error) {
      release();
      throw error;
    }
  }

  private async received(transfer: string): Promise<Volume> {
    const going = this.take(transfer);
    if (going.kind !== 'in') throw unknownTransfer(transfer);
    const { pool, volume, format, file, release } = going;
    const source = `${pool.name}/${volume}`;
    let replaced: LockedFile | null = null;
    try {
      if ((await sizeOf(pool, file)) === 0) throw empty(source);
      const chain = [{ fd: file.fd, format, label: source }];
      const worker = this.parts.storage.jobs(pool.name);
      await worker.call('disk.check', { chain, isForeign: true });
      await worker.call('disk.sync', { file: chain[0]! });
      replaced = await this.taken(pool, volume, `the upload of ${source}`);
      this.parts.store.doomedVolumes.remove(source);
      await publish(pool, volume, file, format, replaced !== null);
    } finally {
      await this.letGo(pool, replaced);
      await discard(pool, file, release);
    }
    const verb = replaced ? 'replaced by an upload' : 'uploaded';
    this.parts.events.add('info', 'volume.uploaded', `Volume ${source} was ${verb}.`);
    this.parts.poolViews.changed();
    return this.parts.poolViews.volume(source);
  }

  private async send({ pool: name, volume }: Send['params']): Promise<Send['result']> {
    this.requireRoom();
    const { storage } = this.parts;
    const pool = await storage.usable(name);
    const user = storage.user(`the download of ${name}/${volume}`);
    const open = await openVolume(storage, pool, volume, { readOnly: true, user });
    const [file, ...beneath] = open.chain;
    try {
      if (!file || beneath.length > 0) throw isOverlay(`${name}/${volume}`);
      const bytes = await sizeOf(pool, file);
      const transfer = this.begin({ kind: 'out', close: () => open.close() });
      return { transfer, fd: file.fd, bytes };
    } catch (error) {
      await open.close();
      throw error;
    }
  }

  private end(transfer: string): Promise<void> {
    const going = this.take(transfer);
    if (going.kind === 'out') return going.close();
    return discard(going.pool, going.file, going.release);
  }

  /** The volume that is to be replaced, locked; null where there is none. Errors `disk.in-use`, `volume.has-overlays`. */
  private async taken(pool: StoragePool, volume: string, what: string): Promise<LockedFile | null> {
    const { storage } = this.parts;
    const file = await takeIfThere(storage, pool, volume, what);
    if (!file) return null;
    try {
      await requireNoOverlays(storage.contents, pool, volume, 'be replaced');
      return file;
    } catch (error) {
      await this.letGo(pool, file);
      throw error;
    }
  }

  private async letGo({ folder }: StoragePool, file: LockedFile | null): Promise<void> {
    if (file) await folder.turns.leave(() => file.close());
  }

  private begin(going: Incoming | Outgoing): string {
    const transfer = randomUUID();
    this.going.set(transfer, going);
    return transfer;
  }

  private take(transfer: string): Incoming | Outgoing {
    const going = this.going.get(transfer);
    if (!going) throw unknownTransfer(transfer);
    this.going.delete(transfer);
    return going;
  }

  private requireRoom(): void {
    if (this.going.size < MOST_TRANSFERS) return;
    throw new DomusError(
      'volume.too-many-transfers',
      `${MOST_TRANSFERS} volumes are being sent or fetched already. Try again when some of them have ended.`,
    );
  }
}

function sizeOf({ folder }: StoragePool, { fd }: Pick<LockedFile, 'fd'>): Promise<number> {
  return folder.turns.take(async () => (await statOf(fd)).size);
}

async function freeBytes({ path, folder }: StoragePool): Promise<number> {
  const { bavail, bsize } = await folder.turns.take(() => statfs(path));
  return Math.max(0, bavail * bsize - SPARED_BYTES);
}

function noSpace(pool: StoragePool, bytes: number, mostBytes: number): DomusError {
  return new DomusError(
    'volume.no-space',
    `${bytes} bytes do not fit into pool ${pool.name}: there is room for ${mostBytes}. Make room in ${pool.path}, or choose another pool.`,
    { data: { pool: pool.name, bytes, mostBytes } },
  );
}

function empty(source: string): DomusError {
  return new DomusError('volume.empty', `Nothing was sent for ${source}, so it was not made.`, {
    data: { volume: source },
  });
}

function isOverlay(source: string): DomusError {
  return new DomusError(
    'volume.is-overlay',
    `${source} is an overlay: its file alone is of no use elsewhere. Clone it, and download the clone, which is whole.`,
    { data: { volume: source } },
  );
}

function unknownTransfer(transfer: string): DomusError {
  return new DomusError('volume.no-transfer', `There is no transfer ${transfer}: it has ended.`, {
    data: { transfer },
  });
}
