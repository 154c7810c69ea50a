/** Raw disks served by a real I/O worker, for guests of tests. */
import { closeSync, openSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { portChannel } from '../../api/port-channel.ts';
import type { DiskServiceCalls, DiskServiceEvents } from '../../dom0/index.ts';
import { createDiskRing } from '../../dom0/index.ts';
import type { DiskSpec } from '../../toolstack/control/host.contract.ts';
import { workerUrl } from '../worker-url.ts';

export interface TestDisk {
  spec: DiskSpec;
  path: string;
  /** A ring for the domain's next life on another host; until then nothing may be asked. */
  reopen(): Promise<void>;
  /** After it the file is the disk's whole content. */
  close(): Promise<void>;
}

export class TestDisks {
  readonly folder: string;
  private readonly worker = new Worker(workerUrl('io'));
  readonly channel = portChannel<DiskServiceCalls, DiskServiceEvents>(
    this.worker,
    'the I/O worker',
    {},
  );

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async start(): Promise<TestDisks> {
    return new TestDisks(await mkdtemp(join(tmpdir(), 'domus-disks-')));
  }

  /** @param content bytes, or the size of an empty one */
  async create(
    name: string,
    content: number | Uint8Array,
    doorbell: SharedArrayBuffer,
    readOnly = false,
  ): Promise<TestDisk> {
    const path = join(this.folder, name);
    writeFileSync(path, typeof content === 'number' ? '' : content);
    if (typeof content === 'number') truncateSync(path, content);
    const spec: DiskSpec = {
      name,
      bytes: 0,
      readOnly,
      discard: false,
      onError: 'pause',
      ring: createDiskRing(),
    };
    let fd = -1;
    const open = async (): Promise<void> => {
      fd = openSync(path, readOnly ? 'r' : 'r+');
      const source = { kind: 'files', chain: [{ fd, format: 'raw', label: name }] } as const;
      const { ring } = spec;
      const opened = await this.channel.call('disk.open', {
        disk: name,
        source,
        readOnly,
        ring,
        doorbell,
      });
      spec.bytes = opened.bytes;
    };
    const close = async (): Promise<void> => {
      await this.channel.call('disk.close', { disk: name });
      closeSync(fd);
    };
    await open();
    return {
      spec,
      path,
      close,
      reopen: async () => {
        await close();
        await open();
      },
    };
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
    await rm(this.folder, { recursive: true, force: true });
  }
}
