/**
 * One WebSocket and one message port, frame by frame, unchanged and unparsed. Neither side can
 * make this process hold more than a window of the other's bytes:
 *
 *  - a client that does not read: frames are acknowledged to the port only when the socket has
 *    taken them, and the port's sender stops at its own window;
 *  - a client that sends faster than the worker takes: reading from its socket pauses.
 */
import type { MessagePort } from 'node:worker_threads';
import type { RawData, WebSocket } from 'ws';
import { FramePort } from '../frame-port.ts';
import type { Frame } from '../frame-port.ts';

const HIGH_WATER_BYTES = 512 * 1024;
const LOW_WATER_BYTES = 128 * 1024;

export function relaySocket(socket: WebSocket, port: MessagePort): void {
  const pipe = new FramePort(port, {
    frame: (frame) => sendAndFlush(socket, frame),
    closed: () => socket.close(1001, 'closed by the program'),
  });
  socket.on('message', (data, isBinary) => {
    pipe.send(toFrame(data, isBinary));
    if (pipe.unacknowledged < HIGH_WATER_BYTES || socket.isPaused) return;
    socket.pause();
    void pipe.whenBelow(LOW_WATER_BYTES).then(() => socket.resume());
  });
  socket.on('close', () => pipe.close());
  socket.on('error', () => socket.terminate());
}

function sendAndFlush(socket: WebSocket, frame: Frame): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState !== socket.OPEN) resolve();
    else socket.send(frame, () => resolve());
  });
}

/** Binary frames get a buffer of their own: the socket's pooled one would be copied whole. */
function toFrame(data: RawData, isBinary: boolean): Frame {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
  return isBinary ? new Uint8Array(bytes) : bytes.toString('utf8');
}
