/** Volumes: made, copied, grown, deleted. A kill at any moment leaves a whole one or none. */
import type { CloneVolume, CreateVolume, Task, Volume } from '../../../shared/contract/index.ts';
import type { CopyDisk } from '../../dom0/index.ts';
import type { IoLink } from '../disks/io-link.ts';
import type { LockedFile } from '../disks/locked-file.ts';
import type { StorageParts } from './storage-parts.ts';
import type { RunningTask } from '../tasks/task.ts';
import { makeVolume } from './make-volume.ts';
import { openVolume, requireNoOverlays } from './open-volume.ts';
import { discard, erase, publish, requireFree, takeVolume } from './volume-file.ts';
import { requireNoDomain } from './volume-users.ts';

const MIB = 2 ** 20;

/** Errors `pool.*`, `volume.*`, `disk.*`. */
export async function createVolume(parts: StorageParts, asked: CreateVolume): Promise<Volume> {
  const pool = await parts.storage.usable(asked.pool);
  const source = `${pool.name}/${asked.volume}`;
  await makeVolume(parts, pool, asked.volume, asked);
  // Not before: until the name is a person's, a note of it may be of an overlay that is being made.
  parts.store.doomedVolumes.remove(source);
  parts.events.add('info', 'volume.created', `Volume ${source} was created.`);
  parts.poolViews.changed();
  return parts.poolViews.volume(source);
}

/**
 * A full copy of what the volume shows, whatever it lies over. Errors `pool.*`, `volume.*`,
 * `disk.in-use` while somebody writes it; `disk.*` by the task.
 */
export async function cloneVolume(parts: StorageParts, asked: CloneVolume): Promise<Task> {
  const { storage } = parts;
  const from = await storage.usable(asked.pool);
  const pool = await storage.usable(asked.toPool ?? asked.pool);
  const [source, copy] = [`${from.name}/${asked.volume}`, `${pool.name}/${asked.to}`];
  await requireFree(pool, asked.to);
  const user = storage.user(`the clone of ${source}`);
  const original = await openVolume(storage, from, asked.volume, { readOnly: true, user });
  const format = asked.format ?? original.chain[0]!.format;
  return parts.tasks.start(
    { kind: 'volume-clone', title: `Cloning ${source} to ${copy}`, cancellable: true },
    async (task) => {
      let release: (() => void) | null = null;
      let file: LockedFile | null = null;
      try {
        release = storage.claim(pool, asked.to, user.user);
        await requireFree(pool, asked.to);
        file = await storage.newFile(pool, user.user);
        const to = { fd: file.fd, format, label: copy };
        const files = { copy: task.current.id, from: original.chain, to };
        // Either folder may not answer: that is to hold up no other work in either pool.
        const place = from === pool ? pool.name : `${from.name} to ${pool.name}`;
        await copyDisk(storage.jobs(place), files, task);
        task.holdOn();
        parts.store.doomedVolumes.remove(copy);
        await publish(pool, asked.to, file, format);
      } finally {
        await discard(pool, file, release);
        await original.close();
      }
      parts.events.add('info', 'volume.cloned', `Volume ${source} was cloned to ${copy}.`);
      parts.poolViews.changed();
      return { title: `Cloned ${source} to ${copy}`, result: await parts.poolViews.volume(copy) };
    },
  );
}

/** Makes it larger. Errors `disk.in-use`, `disk.cannot-shrink`, `volume.*`, `pool.*`. */
export async function resizeVolume(
  parts: StorageParts,
  asked: { pool: string; volume: string; sizeMiB: number },
): Promise<Volume> {
  const { storage } = parts;
  const pool = await storage.usable(asked.pool);
  const source = `${pool.name}/${asked.volume}`;
  const user = storage.user(`the resizing of ${source}`);
  await requireNoOverlays(storage.contents, pool, asked.volume, 'be resized');
  const volume = await openVolume(storage, pool, asked.volume, { readOnly: false, user });
  try {
    const { chain } = volume;
    await storage.jobs(pool.name).call('disk.grow', { chain, bytes: asked.sizeMiB * MIB });
  } finally {
    await volume.close();
  }
  parts.events.add('info', 'volume.resized', `Volume ${source} has ${asked.sizeMiB} MiB now.`);
  parts.poolViews.changed();
  return parts.poolViews.volume(source);
}

/** Errors `volume.in-use`, `volume.has-overlays`, `disk.in-use`, which name the users; `pool.*`. */
export async function removeVolume(
  parts: StorageParts,
  asked: { pool: string; volume: string },
): Promise<void> {
  const { store, storage, domains } = parts;
  const pool = await storage.usable(asked.pool);
  const source = `${pool.name}/${asked.volume}`;
  const what = `the deletion of ${source}`;
  const release = storage.claim(pool, asked.volume, what);
  let file: LockedFile | null = null;
  try {
    requireNoDomain(domains, source, 'be deleted');
    // Before the lock, so that overlays in use are named; and after it, when none can be made.
    await requireNoOverlays(storage.contents, pool, asked.volume, 'be deleted');
    file = await takeVolume(storage, pool, asked.volume, what);
    await requireNoOverlays(storage.contents, pool, asked.volume, 'be deleted');
    requireNoDomain(domains, source, 'be deleted');
    // Whoever has this name later is no overlay of a checkpoint.
    store.checkpoints.removeLayer(source);
    await erase(pool, asked.volume, file);
  } finally {
    await pool.folder.turns.leave(async () => {
      await file?.close();
      release();
    });
  }
  parts.events.add('info', 'volume.deleted', `Volume ${source} was deleted.`);
  parts.poolViews.changed();
}

/** Tells its progress; when the task is cancelled, it ends before this does. */
async function copyDisk(worker: IoLink, files: CopyDisk, task: RunningTask): Promise<void> {
  const { copy } = files;
  const stopTelling = worker.on('disk.copied', ({ copy: which, bytes, totalBytes }) => {
    if (which !== copy) return;
    const [done, all] = [bytes, totalBytes].map((count) => Math.round(count / MIB));
    task.progress(bytes / totalBytes, `${done} of ${all} MiB`);
  });
  const stop = (): void => void worker.call('disk.stopCopy', { copy }).catch(() => undefined);
  task.signal.addEventListener('abort', stop, { once: true });
  try {
    await worker.call('disk.copy', files);
  } finally {
    stopTelling();
    task.signal.removeEventListener('abort', stop);
  }
}
