import { chmod, lstat, mkdtemp, rename, rmdir, unlink } from 'node:fs/promises';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import type { XenstoreDaemon } from './daemon.ts';

/** Why a socket cannot be served. */
export type SocketErrorCode =
  'socket-path-too-long' | 'socket-in-use' | 'socket-path-taken' | 'socket-failed';

/** A socket that cannot be served; the message says at which path and what to do. */
export class XenstoreSocketError extends Error {
  override readonly name = 'XenstoreSocketError';
  readonly code: SocketErrorCode;
  readonly path: string;

  constructor(code: SocketErrorCode, path: string, detail: string, cause?: unknown) {
    super(`xenstore socket ${path}: ${detail}`, { cause });
    this.code = code;
    this.path = path;
  }
}

/** `sun_path` of Linux has 108 bytes, of macOS 104; one is the terminating NUL. */
const PATH_LIMIT_BYTES = process.platform === 'darwin' ? 103 : 107;
/** Clients at once; Debian's tools connect one at a time. */
const CLIENT_LIMIT = 256;

/**
 * Serves a store on a Unix socket, with domain 0's rights, to programs that speak xenstore's
 * protocol: Debian's `xenstore-utils`, called with `XENSTORED_PATH` set to the socket. Only the
 * user who runs the daemon may connect.
 */
export class XenstoreSocketServer {
  readonly path: string;
  readonly #daemon: XenstoreDaemon;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #inode: number | undefined;

  private constructor(daemon: XenstoreDaemon, path: string) {
    this.#daemon = daemon;
    this.path = path;
    this.#server = createServer((socket) => this.#serve(socket));
    this.#server.maxConnections = CLIENT_LIMIT;
  }

  /**
   * Starts to listen. A socket file that nobody listens on any more is replaced.
   *
   * @throws XenstoreSocketError
   */
  static async listen(daemon: XenstoreDaemon, path: string): Promise<XenstoreSocketServer> {
    if (Buffer.byteLength(path) > PATH_LIMIT_BYTES) {
      const detail = `a socket's path may have ${PATH_LIMIT_BYTES} bytes; use a shorter home folder`;
      throw new XenstoreSocketError('socket-path-too-long', path, detail);
    }
    await demandFree(path);
    const server = new XenstoreSocketServer(daemon, path);
    try {
      await server.#bind();
    } catch (cause) {
      server.#server.close();
      const detail = `cannot be created: ${(cause as Error).message}`;
      throw new XenstoreSocketError('socket-failed', path, detail, cause);
    }
    return server;
  }

  /** Stops listening, disconnects all clients and removes the socket file. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    const stat = await lstat(this.path).catch(() => undefined);
    if (stat?.isSocket() && stat.ino === this.#inode) await unlink(this.path);
  }

  /**
   * Binds in a private directory and renames, so that the socket appears at its path with its final
   * permissions, and replaces a stale one in one step.
   */
  async #bind(): Promise<void> {
    const directory = await mkdtemp(join(dirname(this.path), '.xs-'));
    try {
      const bound = join(directory, 's');
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen(bound, () => {
          this.#server.off('error', reject);
          resolve();
        });
      });
      await chmod(bound, 0o600);
      this.#inode = (await lstat(bound)).ino;
      await rename(bound, this.path);
    } finally {
      await rmdir(directory).catch(() => undefined);
    }
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    const connection = this.#daemon.connectClient({
      send: (bytes) => socket.write(bytes),
      ready: () => socket.resume(),
      closed: () => socket.destroy(),
    });
    socket.on('data', (bytes: Buffer) => {
      if (!connection.receive(bytes)) socket.pause();
    });
    socket.on('drain', () => connection.drained());
    // A client that resets its connection is gone; 'close' follows.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      connection.close('hangup');
    });
  }
}

/** Refuses a path where somebody listens, or that is something else than a socket. */
async function demandFree(path: string): Promise<void> {
  const stat = await lstat(path).catch(() => undefined);
  if (!stat) return;
  if (!stat.isSocket()) {
    const detail = 'there is a file of this name that is not a socket; move it away';
    throw new XenstoreSocketError('socket-path-taken', path, detail);
  }
  const answered = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
  if (answered) {
    const detail = 'another daemon listens on it; stop that one first';
    throw new XenstoreSocketError('socket-in-use', path, detail);
  }
}
