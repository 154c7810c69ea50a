import type { Connect, Frame, FrameLink, FrameReceiver } from '../ports/site.ts';

/** The site's end of a link: what the window sent, and a way to answer. */
export class FarEnd implements FrameLink {
  readonly sent: Frame[] = [];
  unacknowledged = 0;
  isClosed = false;
  private receiver: FrameReceiver | null = null;
  private waiting: (() => void) | null = null;

  readonly connect: Connect = (receiver) => {
    this.receiver = receiver;
    return this;
  };

  send(frame: Frame): void {
    this.sent.push(frame);
    this.waiting?.();
  }

  close(): void {
    this.isClosed = true;
    this.waiting?.();
  }

  answer(frame: Frame): void {
    this.receiver?.frame(frame);
  }

  end(): void {
    this.receiver?.closed();
  }

  /** Waits until `holds` does; looks again whenever something arrives. */
  async until(holds: (end: FarEnd) => boolean): Promise<void> {
    while (!holds(this)) await new Promise<void>((resolve) => (this.waiting = resolve));
  }
}
