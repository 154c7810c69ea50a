/** WebSockets to the daemon: `Node` and browsers have the same class. */
import { DomusError } from '../../../shared/errors.ts';

export interface Endpoint {
  /** `http://127.0.0.1:PORT` */
  url: string;
  token: string;
}

/**
 * Settles when the socket is open.
 *
 * @throws `daemon.unreachable`: nothing listens there, it refuses the token, or has no such path
 */
export function openSocket({ url, token }: Endpoint, path: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}`, ['domus', `token.${token}`]);
  socket.binaryType = 'arraybuffer';
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(socket), { once: true });
    socket.addEventListener(
      'error',
      () => {
        const message =
          `Domus does not answer at ${url}. ` +
          'It may just have ended: start it again with "domus serve" or the application.';
        reject(new DomusError('daemon.unreachable', message, { data: { url } }));
      },
      { once: true },
    );
  });
}
