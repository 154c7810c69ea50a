/** It runs wherever Linux runs programs of i386. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from '../../toolstack/testing/temporary-folder.ts';
import { backlogProgram } from './listen-program.ts';

const canRun = process.platform === 'linux' && ['x64', 'ia32'].includes(process.arch);

/** Lets one connection wait, and never takes any. */
const DEAF_SERVER = `
  const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 });
  server.on('listening', () => {
    require('node:fs').writeSync(1, String(server.address().port) + '\\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;

async function deafServer(): Promise<{ server: ChildProcess; port: number }> {
  const server = spawn(process.execPath, ['-e', DEAF_SERVER], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void server.kill('SIGKILL'));
  const [line] = (await once(server.stdout!, 'data')) as [Buffer];
  return { server, port: Number(line) };
}

/** Of the process, for what listens on `port`. */
function listeningDescriptor(pid: number, port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const line = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .find((each) => each.includes(`:${hex} 00000000:0000 0A`));
  const inode = line?.trim().split(/\s+/)[9];
  const folder = `/proc/${pid}/fd`;
  const found = readdirSync(folder).find(
    (each) => readlinkSync(join(folder, each)) === `socket:[${inode}]`,
  );
  return Number(found);
}

function run(program: Buffer): number | null {
  const path = join(temporaryFolder(), 'program');
  writeFileSync(path, program, { mode: 0o755 });
  return spawnSync(path, { stdio: 'ignore' }).status;
}

describe.runIf(canRun)('the program that lets more connections wait', () => {
  test('does so for a server that has said how many', async () => {
    const { server, port } = await deafServer();
    let connected = 0;
    for (let each = 0; each < 20; each++) {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.on('connect', () => connected++);
      socket.on('error', () => undefined);
      onTestFinished(() => void socket.destroy());
    }
    await vi.waitUntil(() => connected > 0);
    const descriptor = listeningDescriptor(server.pid!, port);
    expect(run(backlogProgram(server.pid!, descriptor, 511))).toBe(0);
    // Those that were turned away ask again after a second.
    await vi.waitUntil(() => connected === 20, 10_000);
  });

  test('says by its status that there is no such socket', () => {
    expect(run(backlogProgram(process.pid, 99_999, 511))).not.toBe(0);
  });
});
