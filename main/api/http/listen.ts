import type { Server } from 'node:http';
import { DomusError } from '../../../shared/errors.ts';

const TRIES = 100;

/**
 * Listens on 127.0.0.1 at `port`, or at the next free one. 0: any free port.
 *
 * @returns the port
 * @throws `serve.port-taken` when `port` and the 99 after it are taken; `serve.port-refused`
 *   when the system does not allow it.
 */
export async function listenOnLoopback(server: Server, port: number): Promise<number> {
  for (let candidate = port; candidate < port + TRIES && candidate < 65_536; candidate++) {
    const error = await tryListen(server, candidate);
    if (error === null) return addressPort(server);
    if (error.code !== 'EADDRINUSE') {
      throw new DomusError(
        'serve.port-refused',
        `Port ${candidate} of 127.0.0.1 cannot be used (${error.code ?? error.message}). Give another one with --port.`,
        { data: { port: candidate }, cause: error },
      );
    }
  }
  throw new DomusError(
    'serve.port-taken',
    `Port ${port} and those after it are taken. Give another one with --port, or --port 0 for any.`,
    { data: { port } },
  );
}

function tryListen(server: Server, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      server.off('listening', listening);
      resolve(error);
    };
    const listening = (): void => {
      server.off('error', failed);
      resolve(null);
    };
    server.once('error', failed).once('listening', listening);
    server.listen({ host: '127.0.0.1', port, exclusive: true });
  });
}

function addressPort(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  return address.port;
}
