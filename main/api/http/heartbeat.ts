import type { WebSocket } from 'ws';

const INTERVAL_MS = 20_000;

/**
 * Ends connections whose client is gone without a word (a laptop that slept, a killed tab): each
 * must answer one ping before the next is due. Returns its own undo.
 */
export function startHeartbeat(
  sockets: ReadonlySet<WebSocket>,
  intervalMs = INTERVAL_MS,
): () => void {
  const silent = new WeakSet<WebSocket>();
  const timer = setInterval(() => {
    for (const socket of sockets) {
      // A paused socket cannot hear the answer.
      if (silent.has(socket) && !socket.isPaused) {
        socket.terminate();
        continue;
      }
      silent.add(socket);
      socket.once('pong', () => silent.delete(socket));
      socket.ping();
    }
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
