import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** QEMU's own NBD server, for one file; `await using` ends it. */
export class NbdServer {
  readonly port: number;
  private readonly process: ChildProcess;

  private constructor(port: number, process: ChildProcess) {
    this.port = port;
    this.process = process;
  }

  static async start(path: string, ...options: string[]): Promise<NbdServer> {
    const port = await freePort();
    const child = spawn(
      'qemu-nbd',
      [
        '-t',
        '-e',
        '8',
        '-b',
        '127.0.0.1',
        '-p',
        String(port),
        '-f',
        'raw',
        '-x',
        'disk',
        ...options,
        path,
      ],
      { stdio: 'ignore' },
    );
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    const server = new NbdServer(port, child);
    while (!(await server.answers())) await sleep(10); // it says nowhere that it listens
    return server;
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill();
    await once(this.process, 'exit');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private answers(): Promise<boolean> {
    if (this.process.exitCode !== null) throw new Error('qemu-nbd ended');
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      socket.on('error', () => resolve(false));
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
    });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
