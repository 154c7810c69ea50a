/**
 * Joins a guest's connection to a socket of the machine: bytes, ends and resets, both ways. Neither
 * side is read faster than the other takes.
 */
import type { Socket } from 'node:net';
import type { TcpConnection, TcpEvents } from '../tcp/tcp-connection.ts';

/**
 * The events for a connection that is bridged to `socket`.
 *
 * @param connection is there by the time the first event is
 * @param over called once, when the connection is gone
 */
export function bridge(
  socket: Socket,
  connection: () => TcpConnection,
  over: () => void,
): TcpEvents {
  let isClosed = false;
  socket.on('data', (chunk: Buffer) => {
    if (!connection().write(chunk)) socket.pause();
  });
  socket.on('end', () => connection().end());
  // 'close' follows.
  socket.on('error', () => undefined);
  socket.on('close', (hadError) => {
    const isWhole = socket.readableEnded && socket.writableFinished && !hadError;
    if (!isClosed && !isWhole) connection().reset();
  });
  return {
    opened: () => socket.resume(),
    data: (bytes) => {
      const { length } = bytes;
      // Taken when the socket has handed it to the system, not before: that is the backpressure.
      socket.write(Buffer.from(bytes), () => connection().consumed(length));
    },
    ended: () => socket.end(),
    writable: () => socket.resume(),
    closed: (reason) => {
      isClosed = true;
      if (reason !== 'finished') abandon(socket);
      over();
    },
  };
}

/** So that the program at the other end sees a reset, too, and not a file that is complete. */
function abandon(socket: Socket): void {
  if (socket.connecting) socket.destroy();
  else socket.resetAndDestroy();
}
