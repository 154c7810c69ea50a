import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { XenstoreDaemon } from './daemon.ts';
import { XenstoreSocketError, XenstoreSocketServer } from './socket-server.ts';

const run = promisify(execFile);

interface Outcome {
  readonly status: number;
  readonly output: string;
}

let directory: string;
let path: string;
let daemon: XenstoreDaemon;
let server: XenstoreSocketServer;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  await run('xenstore-read', ['-h']).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') {
      throw new Error('xenstore-read is missing; install it: apt-get install xenstore-utils');
    }
  });
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'xs-'));
  path = join(directory, 'xenstore-host.sock');
  daemon = new XenstoreDaemon();
  server = await XenstoreSocketServer.listen(daemon, path);
});

afterEach(async () => {
  for (const child of children) child.kill();
  children.clear();
  await server.close();
  daemon.close();
  await rm(directory, { recursive: true });
});

const environment = () => ({ ...process.env, XENSTORED_PATH: path });

/** Runs one of Debian's programs against the socket. */
async function tool(name: string, ...args: string[]): Promise<Outcome> {
  try {
    const { stdout } = await run(`xenstore-${name}`, args, { env: environment() });
    return { status: 0, output: stdout };
  } catch (error) {
    const failure = error as { code: unknown; stderr: string };
    if (typeof failure.code !== 'number') throw error;
    return { status: failure.code, output: failure.stderr };
  }
}

describe('Debian’s xenstore-utils', () => {
  it('write, read and list', async () => {
    expect((await tool('write', '/a/b', 'hello', '/a/c', 'world')).status).toBe(0);
    expect(daemon.read('/a/b')).toBe('hello');
    expect((await tool('read', '/a/b', '/a/c')).output).toBe('hello\nworld\n');
    expect((await tool('list', '/a')).output).toBe('b\nc\n');
    expect((await tool('read', '/none')).status).toBe(1);
  });

  it('show the tree with permissions', async () => {
    daemon.write('/local/domain/5/name', 'demo');
    daemon.setPerms('/local/domain/5/name', ['n0', 'r5']);
    expect((await tool('ls', '-f', '-p', '/local')).output).toBe(
      '/local/domain = ""   (n0)\n' +
        '/local/domain/5 = ""   (n0)\n' +
        '/local/domain/5/name = "demo"   (n0,r5)\n',
    );
  });

  it('show a directory that needs several messages', async () => {
    for (let i = 0; i < 1000; i++) daemon.write(`/big/entry-${i}`, 'x');
    const { output } = await tool('ls', '/big');
    expect(output.trimEnd().split('\n')).toHaveLength(1000);
  });

  it('remove, test for existence, and set permissions', async () => {
    daemon.write('/a/b', '1');
    expect((await tool('exists', '/a/b')).status).toBe(0);
    expect((await tool('chmod', '-r', '/a', 'n0', 'b7')).status).toBe(0);
    expect([daemon.getPerms('/a'), daemon.getPerms('/a/b')]).toEqual([
      ['n0', 'b7'],
      ['n0', 'b7'],
    ]);
    expect((await tool('rm', '/a')).status).toBe(0);
    expect((await tool('exists', '/a/b')).status).toBe(1);
    expect(daemon.exists('/a')).toBe(false);
  });

  it('watch', async () => {
    const child = spawn('xenstore-watch', ['/a'], { env: environment() });
    children.add(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const line = async (): Promise<unknown> => (await lines.next()).value;
    expect(await line()).toBe('/a');
    daemon.write('/a/b', '1');
    expect(await line()).toBe('/a/b');
    await tool('rm', '/a');
    expect(await line()).toBe('/a');
  });

  it('survive a store that refuses', async () => {
    expect(await tool('write', '/a b', 'x')).toMatchObject({ status: 1 });
    expect(await tool('rm', '/')).toMatchObject({ status: 1 });
  });
});

describe('the socket', () => {
  it('is for its owner only', async () => {
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('is gone after close, with its clients', async () => {
    const socket = connect(path);
    await new Promise((resolve) => socket.once('connect', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await server.close();
    await closed;
    expect(await readdir(directory)).toEqual([]);
  });

  it('replaces one that nobody listens on', async () => {
    await server.close();
    await leaveStale(path);
    expect((await stat(path)).isSocket()).toBe(true);
    server = await XenstoreSocketServer.listen(daemon, path);
    expect((await tool('list', '/')).output).toBe('tool\n');
  });

  it('does not replace a living one, nor a file', async () => {
    await expect(XenstoreSocketServer.listen(daemon, path)).rejects.toMatchObject({
      code: 'socket-in-use',
    });
    const file = join(directory, 'file');
    await writeFile(file, 'precious');
    await expect(XenstoreSocketServer.listen(daemon, file)).rejects.toMatchObject({
      code: 'socket-path-taken',
    });
    expect((await tool('list', '/')).output).toBe('tool\n');
  });

  it('says what is wrong with its path', async () => {
    const long = join(directory, 'x'.repeat(120));
    await expect(XenstoreSocketServer.listen(daemon, long)).rejects.toThrow(
      /use a shorter home folder/,
    );
    const nowhere = join(directory, 'none', 's.sock');
    await expect(XenstoreSocketServer.listen(daemon, nowhere)).rejects.toThrow(XenstoreSocketError);
  });

  it('drops a client that talks nonsense, and serves the next', async () => {
    const socket = connect(path);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    socket.write(new Uint8Array(64).fill(255));
    await closed;
    expect((await tool('list', '/')).output).toBe('tool\n');
  });

  it('forgets the watches of a client that hangs up', async () => {
    const socket = connect(path);
    await new Promise((resolve) => socket.once('connect', resolve));
    const message = Buffer.from('\x04\0\0\0\x01\0\0\0\0\0\0\0\x05\0\0\0/a\0t\0', 'latin1');
    socket.write(message);
    await new Promise((resolve) => socket.once('data', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.destroy();
    await closed;
    await tool('list', '/'); // a round trip later the server has seen the hang-up
    expect(daemon.clientCount).toBe(0);
  });
});

/** Leaves a socket file behind as a killed process does. */
async function leaveStale(at: string): Promise<void> {
  const script = `require('node:net').createServer().listen(${JSON.stringify(at)}, () => process.kill(process.pid, 'SIGKILL'))`;
  const child = spawn(process.execPath, ['-e', script]);
  await new Promise((resolve) => child.once('exit', resolve));
}
