/** A domain's stream into a file, and out of one: as fast as the file goes, never more than a window in memory. */
import { read, write } from 'node:fs';
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

const writeAt = promisify(write);
const readAt = promisify(read);

type Params<Name extends keyof StateFileCalls> = StateFileCalls[Name]['params'];

export const stateFileHandlers: Handlers<StateFileCalls> = {
  'state.write': async ({ fd, label, link, doorbell }: Params<'state.write'>) => {
    let at = 0;
    const take = async (chunk: Uint8Array): Promise<void> => {
      for (let done = 0; done < chunk.length;) {
        const { bytesWritten } = await writeAt(fd, chunk, done, chunk.length - done, at).catch(
          (error: unknown) => Promise.reject(unwritable(label, error)),
        );
        done += bytesWritten;
        at += bytesWritten;
      }
    };
    await receiveFlow(link, take, { peerDoorbell: new Doorbell(doorbell) });
    return { bytes: at };
  },

  'state.verify': async ({ fd, label, bytes }: Params<'state.verify'>) => {
    const reader = new StreamReader(NOBODY, { origin: label });
    for await (const chunk of chunksOf(fd, label, bytes)) reader.push(chunk);
    reader.finish();
  },

  'state.read': async ({ fd, label, bytes, link, doorbell }: Params<'state.read'>) => {
    const flow = new FlowSender(link, { peerDoorbell: new Doorbell(doorbell) });
    try {
      for await (const chunk of chunksOf(fd, label, bytes)) await flow.send(chunk);
      flow.close();
    } catch (error) {
      flow.abort(error);
      throw error;
    }
  },
};

async function* chunksOf(
  fd: number,
  label: string,
  bytes: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  for (let at = 0; at < bytes;) {
    const chunk = new Uint8Array(Math.min(READ_BYTES, bytes - at));
    const { bytesRead } = await readAt(fd, chunk, 0, chunk.length, at);
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
