/** These programs run wherever Linux runs programs of i386. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from '../../toolstack/testing/temporary-folder.ts';
import { echoProgram, floodProgram, writerProgram } from './datagram-programs.ts';

const canRun = process.platform === 'linux' && ['x64', 'ia32'].includes(process.arch);

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

function run(program: Buffer): void {
  const path = join(temporaryFolder(), 'program');
  writeFileSync(path, program, { mode: 0o755 });
  const child = spawn(path, { stdio: 'ignore' });
  onTestFinished(() => void child.kill());
}

function open(): { socket: Socket; got: Buffer[] } {
  const socket = createSocket('udp4');
  const got: Buffer[] = [];
  socket.on('message', (message) => got.push(message));
  onTestFinished(() => void socket.close());
  return { socket, got };
}

describe.runIf(canRun)('programs that are asked by UDP', () => {
  test('the echo sends each one its own, whatever is in it', async () => {
    const port = await freePort();
    run(echoProgram(port));
    const [first, second] = [open(), open()];
    await vi.waitUntil(() => {
      first.socket.send('one', port, '127.0.0.1');
      return first.got.length > 0;
    });
    const long = Buffer.alloc(1400, 7);
    await vi.waitUntil(() => {
      second.socket.send(long, port, '127.0.0.1');
      return second.got.length > 0;
    });
    expect(first.got.every((message) => message.toString() === 'one')).toBe(true);
    expect(second.got.every((message) => message.equals(long))).toBe(true);
  });

  test('the flood sends and sends, all of one size', async () => {
    const { socket, got } = open();
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    run(floodProgram('127.0.0.1', socket.address().port, 1400));
    await vi.waitUntil(() => got.length > 1000);
    expect(got.every(({ length }) => length === 1400)).toBe(true);
  });

  test('the writer tells each part of each pass, once it was asked', async () => {
    const port = await freePort();
    run(writerProgram(port, 1 << 20, 4));
    const { socket, got } = open();
    await vi.waitUntil(() => {
      socket.send('?', port, '127.0.0.1');
      return got.length >= 8;
    });
    const passes = got.map((message) => message.readUInt32LE());
    expect(passes.slice(0, 8)).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
  });
});
