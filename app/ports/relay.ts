/**
 * One of the window's ports and one link into the site, frame by frame, unchanged and unparsed.
 *
 * Electron's ports end in this thread, are copied on the way and cannot be paused. Against a site
 * that is slower than the window stands a limit, beyond which the port closes; against a window
 * that is slower stand the credits of the console protocol, and the API's streams carry the newest
 * state once a second at most.
 */
import type { Connect, Frame } from './site.ts';

/** What the relay needs of Electron's `MessagePortMain`. */
export interface WindowPort {
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  postMessage(message: Frame): void;
  start(): void;
  close(): void;
}

/** The largest frame that a window may send: a call with a 64 KiB command, or 64 KiB of input. */
export const MAX_FRAME_LENGTH = 256 * 1024;
/** Frames of a window that the site has not taken yet. */
export const MAX_WAITING_LENGTH = 4 * 1024 * 1024;

/**
 * Relays until either side closes; then the other is closed too.
 *
 * @param closed called once, when both sides are closed
 * @returns closes both sides; harmless when they are closed
 */
export function relay(port: WindowPort, connect: Connect, closed: () => void): () => void {
  let isClosed = false;
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    link.close();
    port.close();
    closed();
  };
  const link = connect({
    frame: (frame) => {
      if (!isClosed) port.postMessage(frame);
    },
    closed: close,
  });
  port.on('message', ({ data }) => {
    if (isClosed) return;
    const frame = toFrame(data);
    if (frame === null || link.unacknowledged > MAX_WAITING_LENGTH) close();
    else link.send(frame);
  });
  port.on('close', close);
  port.start();
  return close;
}

/** Null for what is no frame: numbers and null have meanings of their own on the site's side. */
function toFrame(data: unknown): Frame | null {
  const isFrame = typeof data === 'string' || data instanceof Uint8Array;
  return isFrame && data.length <= MAX_FRAME_LENGTH ? data : null;
}
