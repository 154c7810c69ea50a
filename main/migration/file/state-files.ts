/** A domain's stream into a file, and out of one: as fast as the file goes, never more than a window in memory. */
import { fdatasync, read, write } from 'node:fs';
import { promisify } from 'node:util';
import type { Handlers } from '../../../shared/channel/channel.ts';
import { DomusError } from '../../../shared/errors.ts';
import { isNoSpace } from '../../../shared/no-space.ts';
import { Doorbell } from '../../../shared/ring/doorbell.ts';
import { FlowSender, receiveFlow } from '../link/async-flow.ts';
import { StreamReader } from '../stream/reader.ts';
import { NOBODY } from '../stream/restore.ts';
import type { StateFileCalls } from './state-file.contract.ts';

const READ_BYTES = 512 << 10;
/** Written and not on its way to the disk yet. */
const UNSYNCED_BYTES = 8 << 20;

const writeAt = promisify(write);
const readAt = promisify(read);
const syncData = promisify(fdatasync);

type Params<Name extends keyof StateFileCalls> = StateFileCalls[Name]['params'];

export const stateFileHandlers: Handlers<StateFileCalls> = {
  'state.write': async ({ fd, label, link, doorbell }: Params<'state.write'>) => {
    let at = 0;
    const early = new EarlySync(fd, label);
    const take = async (chunk: Uint8Array): Promise<void> => {
      for (let done = 0; done < chunk.length;) {
        const { bytesWritten } = await writeAt(fd, chunk, done, chunk.length - done, at).catch(
          (error: unknown) => Promise.reject(unwritable(label, error)),
        );
        done += bytesWritten;
        at += bytesWritten;
      }
      early.wrote(chunk.length);
    };
    // The descriptor is the asking side's again, whatever happened.
    await receiveFlow(link, take, { peerDoorbell: new Doorbell(doorbell) }).finally(
      () => early.over,
    );
    if (early.failure) throw early.failure;
    return { bytes: at };
  },

  'state.verify': async ({ fd, label, bytes }: Params<'state.verify'>) => {
    const reader = new StreamReader(NOBODY, { origin: label });
    const fresh = (count: number): Uint8Array<ArrayBuffer> => new Uint8Array(count);
    for await (const chunk of chunksOf(fd, label, bytes, fresh)) reader.push(chunk);
    reader.finish();
  },

  'state.read': async ({ fd, label, bytes, link, doorbell }: Params<'state.read'>) => {
    const flow = new FlowSender(link, { peerDoorbell: new Doorbell(doorbell) });
    try {
      const allocate = (count: number): Uint8Array<ArrayBuffer> => flow.allocate(count);
      for await (const chunk of chunksOf(fd, label, bytes, allocate)) await flow.send(chunk);
      flow.close();
    } catch (error) {
      flow.abort(error);
      throw error;
    }
  },
};

/** Has the disk begin with what is written while the rest comes: whoever syncs at the end waits for little. */
class EarlySync {
  private readonly fd: number;
  private readonly label: string;
  /** Settles, always, when none is under way. */
  over: Promise<void> = Promise.resolve();
  /** The system tells of it once, so that the sync at the end would not hear of it. */
  failure: DomusError | null = null;
  private unsynced = 0;
  private isUnderWay = false;

  constructor(fd: number, label: string) {
    this.fd = fd;
    this.label = label;
  }

  wrote(bytes: number): void {
    this.unsynced += bytes;
    if (this.isUnderWay || this.unsynced < UNSYNCED_BYTES) return;
    this.unsynced = 0;
    this.isUnderWay = true;
    this.over = syncData(this.fd)
      .catch((error: unknown) => void (this.failure ??= unwritable(this.label, error)))
      .finally(() => (this.isUnderWay = false));
  }
}

async function* chunksOf(
  fd: number,
  label: string,
  bytes: number,
  allocate: (bytes: number) => Uint8Array<ArrayBuffer>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  for (let at = 0; at < bytes;) {
    const chunk = allocate(READ_BYTES);
    const { bytesRead } = await readAt(fd, chunk, 0, Math.min(chunk.length, bytes - at), at);
    if (bytesRead === 0) throw cutOff(label);
    yield chunk.subarray(0, bytesRead);
    at += bytesRead;
  }
}

function unwritable(label: string, error: unknown): DomusError {
  if (isNoSpace(error)) {
    return new DomusError(
      'storage.no-space',
      `There is no space left for ${label}. Free some space, or choose another folder, and try again.`,
      { data: { path: label } },
    );
  }
  return new DomusError(
    'storage.failed',
    `${label} cannot be written: ${(error as Error).message}`,
    {
      data: { path: label },
    },
  );
}

function cutOff(label: string): DomusError {
  return new DomusError('state.damaged', `${label} became shorter while it was read.`, {
    data: { path: label },
  });
}
