import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { NumberedStream } from './numbered-stream.ts';

/** What the other side does with what it gets. */
async function streamTo(answer: (socket: Socket, text: string) => void): Promise<NumberedStream> {
  const server = createServer((socket) => {
    socket.on('data', (data) => answer(socket, data.toString()));
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stream = new NumberedStream((server.address() as AddressInfo).port);
  onTestFinished(() => {
    stream[Symbol.dispose]();
    server.close();
  });
  return stream;
}

describe('a stream of numbers', () => {
  test('that comes back as it was sent has no errors', async () => {
    const stream = await streamTo((socket, text) => socket.write(text));
    await vi.waitUntil(() => stream.received > 200, { timeout: 10_000 });
    expect(stream.errors).toEqual([]);
  });

  test.each([
    ['is missing', (text: string) => text.replace(/\n42\n/, '\n'), '43 came instead of 42'],
    [
      'comes twice',
      (text: string) => text.replace(/\n42\n/, '\n42\n42\n'),
      '42 came instead of 43',
    ],
  ])('of which one %s has an error', async (_what, change, error) => {
    const stream = await streamTo((socket, text) => socket.write(change(text)));
    await vi.waitUntil(() => stream.received > 100, { timeout: 10_000 });
    expect(stream.errors[0]).toBe(error);
  });

  test('that is closed has an error', async () => {
    const stream = await streamTo((socket) => socket.end());
    await vi.waitUntil(() => stream.errors.length > 0, { timeout: 10_000 });
    expect(stream.errors).toEqual(['it was closed']);
  });
});
