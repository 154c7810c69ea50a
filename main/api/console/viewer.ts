/**
 * One viewer of a console: what it is owed, and what it may be sent.
 *
 * | phase | output of the guest |
 * |---|---|
 * | `unopened` | is not sent: the first frame of the viewer asks for it |
 * | `drawing`  | waits behind the drawing of the screen, which is on its way |
 * | `live`     | is sent within the viewer's credit; what is beyond waits, up to a bound |
 * | `behind`   | is skipped; once the viewer has caught up it gets a new drawing |
 *
 * So a slow viewer costs a bounded queue, and neither the guest nor the other viewers notice it.
 */
import { CREDIT_BYTES, frame, FrameType, jsonFrame } from '../../../shared/console-protocol.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { ErrorData } from '../../../shared/errors.ts';

/** Covers a viewer whose thread is busy for a moment. */
const MAX_WAITING_BYTES = 1024 * 1024;
const MAX_WAITING_PIECES = 4096;
const utf8 = new TextEncoder();

export interface ViewerPort {
  send(frame: Uint8Array): void;
  close(): void;
}

export class Viewer {
  private phase: 'unopened' | 'drawing' | 'live' | 'behind' = 'unopened';
  private readonly port: ViewerPort;
  private readonly drawScreen: () => Promise<string>;
  /** Tells an answer to the last request for a drawing from one to an earlier. */
  private drawings = 0;
  private unacknowledged = 0;
  private waiting: Uint8Array[] = [];
  private waitingBytes = 0;

  /** `drawScreen`: the screen as it is after all output until the call. */
  constructor(port: ViewerPort, drawScreen: () => Promise<string>) {
    this.port = port;
    this.drawScreen = drawScreen;
  }

  /** The viewer is ready, or starts over. */
  open(): void {
    this.phase = 'drawing';
    this.dropWaiting();
    const drawing = ++this.drawings;
    this.drawScreen().then(
      (drawn) => {
        if (drawing === this.drawings && this.phase === 'drawing') this.begin(drawn);
      },
      (error: unknown) => this.fail(DomusError.toData(error)),
    );
  }

  output(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.phase === 'unopened' || this.phase === 'behind') return;
    const straight = this.phase === 'live' && this.waiting.length === 0 && this.affords(bytes);
    if (straight) return this.post(FrameType.output, bytes);
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    if (this.waitingBytes > MAX_WAITING_BYTES || this.waiting.length > MAX_WAITING_PIECES) {
      this.phase = 'behind';
      this.dropWaiting();
      this.catchUp();
    }
  }

  /** The viewer says that it has consumed this much; more than it was sent counts as all of it. */
  credit(bytes: number): void {
    this.unacknowledged = Math.max(0, this.unacknowledged - bytes);
    if (this.phase === 'live') this.sendWaiting();
    else this.catchUp();
  }

  state(state: object): void {
    if (this.phase !== 'unopened') this.port.send(jsonFrame(FrameType.state, state));
  }

  fail(error: ErrorData): void {
    this.port.send(jsonFrame(FrameType.error, error));
    this.port.close();
  }

  private begin(drawn: string): void {
    this.phase = 'live';
    this.post(FrameType.reset, utf8.encode(drawn));
    this.sendWaiting();
  }

  private catchUp(): void {
    if (this.phase === 'behind' && this.unacknowledged === 0) this.open();
  }

  private affords(bytes: Uint8Array): boolean {
    return this.unacknowledged + bytes.length <= CREDIT_BYTES;
  }

  private sendWaiting(): void {
    for (let next = this.waiting[0]; next && this.affords(next); next = this.waiting[0]) {
      this.waiting.shift();
      this.waitingBytes -= next.length;
      this.post(FrameType.output, next);
    }
  }

  private dropWaiting(): void {
    this.waiting = [];
    this.waitingBytes = 0;
  }

  private post(type: FrameType, payload: Uint8Array): void {
    this.unacknowledged += payload.length;
    this.port.send(frame(type, payload));
  }
}
