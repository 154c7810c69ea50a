import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** QEMU's own NBD server, for one file; `await using` ends it. */
export class NbdServer {
  readonly port: number;
  private readonly command: readonly string[];
  private process: ChildProcess | null = null;

  private constructor(port: number, command: readonly string[]) {
    this.port = port;
    this.command = command;
  }

  static async start(path: string, ...options: string[]): Promise<NbdServer> {
    const port = await freePort();
    const where = ['-b', '127.0.0.1', '-p', String(port), '-x', 'disk'];
    const how = ['-t', '-e', '8', '-f', 'raw', ...options];
    const server = new NbdServer(port, [...how, ...where, path]);
    await server.again();
    return server;
  }

  /** After {@link stop}: at the same port. */
  async again(): Promise<void> {
    const child = spawn('qemu-nbd', this.command, { stdio: 'ignore' });
    this.process = child;
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    while (!(await this.answers(child))) await sleep(10); // it says nowhere that it listens
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private answers(child: ChildProcess): Promise<boolean> {
    if (child.exitCode !== null) throw new Error('qemu-nbd ended');
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
