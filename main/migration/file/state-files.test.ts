import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FlowSender, receiveFlow } from '../link/async-flow.ts';
import { stateFileHandlers } from './state-files.ts';

const CHUNK = 256 << 10;
const { 'state.write': write, 'state.read': read } = stateFileHandlers;
const doorbell = new SharedArrayBuffer(4);
const context = { signal: new AbortController().signal };

function open(path: string, flags: string): number {
  const fd = openSync(path, flags);
  onTestFinished(() => closeSync(fd));
  return fd;
}

async function send(link: FlowSender, chunks: number): Promise<void> {
  for (let seq = 0; seq < chunks; seq++) {
    const chunk = link.allocate(CHUNK);
    chunk.fill(seq + 1);
    await link.send(chunk);
  }
  link.close();
}

describe('a stream and a file', () => {
  test('what is written is what comes out', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'domus-state-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'state');
    const CHUNKS = 40;
    const into = new MessageChannel();
    const written = write(
      { fd: open(path, 'w'), label: path, link: into.port2, doorbell },
      context,
    );
    await send(new FlowSender(into.port1), CHUNKS);
    expect(await written).toEqual({ bytes: CHUNKS * CHUNK });
    const bytes = readFileSync(path);
    expect(bytes.length).toBe(CHUNKS * CHUNK);

    const out = new MessageChannel();
    const got: Buffer[] = [];
    const received = receiveFlow(out.port2, (chunk) => {
      got.push(Buffer.from(chunk));
    });
    // Not all of the file: a record of another kind is behind the stream.
    const part = bytes.length - 1000;
    const fd = open(path, 'r');
    await read({ fd, label: path, bytes: part, link: out.port1, doorbell }, context);
    await received;
    expect(Buffer.concat(got).equals(bytes.subarray(0, part))).toBe(true);
  });

  test.runIf(process.platform === 'linux')(
    'what the disk did not take before the end is told',
    async () => {
      const { port1, port2 } = new MessageChannel();
      // It takes every write, and no sync.
      const written = write(
        {
          fd: open('/dev/null', 'w'),
          label: '/dev/null',
          link: port2,
          doorbell,
        },
        context,
      );
      const failed = expect(written).rejects.toMatchObject({ code: 'storage.failed' });
      await send(new FlowSender(port1), 40);
      await failed;
    },
  );
});
