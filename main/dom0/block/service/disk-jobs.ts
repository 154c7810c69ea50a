/** What an I/O worker does to files that nobody has as a disk: describes, makes, copies, grows them. */
import { setImmediate } from 'node:timers/promises';
import type { Handlers } from '../../../../shared/channel/channel.ts';
import { isZeros } from '../buffers.ts';
import { diskError, systemError } from '../disk-error.ts';
import type { DiskImage } from '../disk-image.ts';
import { settled } from '../done.ts';
import { DescriptorFile } from '../files/descriptor-file.ts';
import { openDisk } from '../open-disk.ts';
import { createQcow2 } from '../qcow2/create.ts';
import { describeFile } from './describe-file.ts';
import type {
  CopyDisk,
  DiskFile,
  DiskJobCalls,
  DiskServiceEvents,
  NewDiskFile,
} from './disk-service.contract.ts';

type Emit = (name: 'disk.copied', payload: DiskServiceEvents['disk.copied']) => void;

/** Read at once: what a turn of the thread takes. */
const COPY_BYTES = 2 ** 20;
/** What is left out when it is zeros: a cluster of the images made here. */
const PIECE_BYTES = 64 * 1024;
const TELL_EVERY_MS = 200;

export class DiskJobs {
  private readonly emit: Emit;
  private readonly copies = new Map<string, { isStopped: boolean }>();

  constructor(emit: Emit) {
    this.emit = emit;
  }

  readonly handlers: Handlers<DiskJobCalls> = {
    'disk.describe': ({ file }) => describeFile(file),
    'disk.check': ({ chain, isForeign }) =>
      withImage(chain, true, async (image) => {
        if (isForeign) await image.checkTables?.();
        return { bytes: image.bytes };
      }),
    'disk.create': (params) => create(params),
    'disk.sync': ({ file: { fd, label } }) => new DescriptorFile(fd, label, false).syncNow(),
    'disk.grow': ({ chain, bytes }) =>
      withImage(chain, false, async (image) => {
        await settled((done) => image.resize(bytes, done));
        return { bytes: image.bytes };
      }),
    'disk.copy': (params) => this.copy(params),
    'disk.stopCopy': ({ copy }) => {
      const found = this.copies.get(copy);
      if (found) found.isStopped = true;
    },
  };

  private async copy({ copy, from, to }: CopyDisk): Promise<void> {
    const state = { isStopped: false };
    this.copies.set(copy, state);
    try {
      await withImage(from, true, async (source) => {
        create({ file: to, bytes: source.bytes });
        await withImage([to], false, async (target) => {
          let toldAtMs = 0;
          for await (const bytes of copied(source, target)) {
            if (state.isStopped) throw diskError('disk.stopped', to.label, 'the copy was stopped');
            if (performance.now() - toldAtMs < TELL_EVERY_MS) continue;
            toldAtMs = performance.now();
            this.emit('disk.copied', { copy, bytes, totalBytes: source.bytes });
          }
        });
      });
    } finally {
      this.copies.delete(copy);
    }
  }
}

function create({ file, bytes, backing }: NewDiskFile): void {
  const { fd, format, label } = file;
  if (format === 'qcow2') return createQcow2(fd, label, { bytes, ...(backing ? { backing } : {}) });
  const raw = new DescriptorFile(fd, label, false);
  if (raw.size !== 0) throw diskError('disk.bad-request', label, 'the file for it is not empty');
  raw.extend(bytes);
  raw.syncNow();
}

/** Whatever happens, nothing is under way afterwards, and what was written is stable. */
async function withImage<T>(
  chain: readonly DiskFile[],
  readOnly: boolean,
  work: (image: DiskImage) => T | Promise<T>,
): Promise<T> {
  const image = await openDisk({ kind: 'files', chain }, readOnly);
  let result: T;
  try {
    result = await work(image);
  } catch (error) {
    await settled((done) => image.close(done)).catch(() => undefined);
    throw systemError(chain[0]?.label ?? '', 'the work', error);
  }
  await settled((done) => image.close(done));
  return result;
}

/** Copies all of it but zeros, in turns with what else the thread does; yields how much is done. */
async function* copied(source: DiskImage, target: DiskImage): AsyncGenerator<number, void, void> {
  const buffer = new Uint8Array(COPY_BYTES);
  for (let at = 0; at < source.bytes; at += COPY_BYTES) {
    const piece = buffer.subarray(0, Math.min(COPY_BYTES, source.bytes - at));
    await settled((done) => source.read(at, [piece], done));
    for (const [from, to] of runsOfData(piece)) {
      await settled((done) => target.write(at + from, [piece.subarray(from, to)], done));
    }
    yield at + piece.length;
    await setImmediate();
  }
}

/** `[from, to)` of neighbouring pieces that are not all zeros. */
function* runsOfData(bytes: Uint8Array): Generator<[from: number, to: number], void, void> {
  let from = -1;
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const isHole = isZeros([bytes.subarray(at, at + PIECE_BYTES)]);
    if (!isHole && from === -1) from = at;
    if (!isHole || from === -1) continue;
    yield [from, at];
    from = -1;
  }
  if (from !== -1) yield [from, bytes.length];
}
