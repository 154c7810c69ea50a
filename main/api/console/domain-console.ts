/** The console of one domain: one terminal, whatever lives its guest has, and its viewers. */
import { z } from 'zod';
import {
  frameText,
  FrameType,
  MAX_INPUT_BYTES,
  parseFrame,
} from '../../../shared/console-protocol.ts';
import type { DomainState } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';
import type { ConsoleRings } from '../../toolstack/control/host.contract.ts';
import { Life } from './life.ts';
import { OutputCutter } from './output-cutter.ts';
import { PrintLog } from './print-log.ts';
import { Screen } from './screen.ts';
import type { Picture, Size } from './screen.ts';
import { Viewer } from './viewer.ts';
import type { ViewerPort } from './viewer.ts';

/** Above this the ring is not read: the terminal parses first. */
const MAX_UNPARSED_BYTES = 256 * 1024;

const SizeMessage = z.object({
  columns: z.int().min(1).max(10_000),
  rows: z.int().min(1).max(10_000),
});
const utf8 = new TextEncoder();
/** RIS, and the scroll-back too. */
const CLEAR = utf8.encode('\x1bc\x1b[3J');

export class DomainConsole {
  name: string;
  private readonly screen: Screen;
  private readonly log = new PrintLog();
  private readonly viewers = new Set<Viewer>();
  private cutter = new OutputCutter();
  private life: Life | null = null;
  private state: DomainState;
  /** Changes with every attach and detach: one that waited finds out that it is no longer wanted. */
  private attachments = 0;

  constructor(name: string, state: DomainState) {
    this.name = name;
    this.state = state;
    this.screen = new Screen((text) => this.answer(text));
  }

  /** Bytes that are on their way through: for tests of the bounds. */
  get backlogBytes(): number {
    return this.screen.backlogBytes;
  }

  async attach(
    rings: ConsoleRings,
    doorbell: SharedArrayBuffer,
    printed: string,
    afresh = false,
  ): Promise<void> {
    this.detach();
    const turn = this.attachments;
    this.log.clear();
    await this.beginLife();
    if (turn !== this.attachments) return;
    if (afresh) this.show({ whole: CLEAR, forViewers: CLEAR });
    if (printed !== '') await this.replay(printed);
    if (turn !== this.attachments) return;
    const life = new Life(rings, doorbell, {
      take: (bytes) => this.take(bytes),
      ready: () => this.screen.whenParsed(MAX_UNPARSED_BYTES),
    });
    this.life = life;
    void life.run();
  }

  detach(): void {
    this.attachments++;
    this.life?.end();
    this.life = null;
    const rest = this.cutter.flush();
    if (rest.length > 0) this.show({ whole: rest, forViewers: rest });
  }

  setState(name: string, state: DomainState): void {
    this.name = name;
    this.state = state;
    this.tellState();
  }

  dmesg(): string {
    this.life?.drain();
    return this.log.text();
  }

  async printed(): Promise<string> {
    this.life?.drain();
    const printed = this.log.raw();
    await this.screen.whenParsed(0);
    return printed;
  }

  async picture(): Promise<Picture> {
    this.life?.drain();
    await this.screen.whenParsed(0);
    return this.screen.picture();
  }

  /** Frames of the viewer go to the returned function; its promise is the frame's acknowledgement. */
  addViewer(port: ViewerPort): { receive(bytes: Uint8Array): void | Promise<void>; leave(): void } {
    const viewer = new Viewer(port, () => this.screen.draw());
    this.viewers.add(viewer);
    return {
      receive: (bytes) => this.receive(viewer, bytes),
      leave: () => void this.viewers.delete(viewer),
    };
  }

  forget(): void {
    this.detach();
    const error = new DomusError('console.gone', `The domain "${this.name}" was deleted.`);
    for (const viewer of this.viewers) viewer.fail(error.toJSON());
    this.viewers.clear();
    this.screen.dispose();
  }

  private take(bytes: Uint8Array): void {
    this.log.append(bytes);
    this.show(this.cutter.push(bytes));
  }

  private show({ whole, forViewers }: { whole: Uint8Array; forViewers: Uint8Array }): void {
    if (whole.length > 0) this.screen.write(whole);
    for (const viewer of this.viewers) viewer.output(forViewers);
  }

  private async beginLife(): Promise<void> {
    await this.screen.whenParsed(0);
    const bytes = this.screen.beginLife();
    for (const viewer of this.viewers) viewer.output(bytes);
  }

  /** While nobody lives here: what the text asks the terminal was answered long ago. */
  private replay(printed: string): Promise<void> {
    this.take(utf8.encode(printed));
    return this.screen.whenParsed(0);
  }

  private receive(viewer: Viewer, bytes: Uint8Array): void | Promise<void> {
    const message = parseFrame(bytes);
    if (!message) return undefined;
    const { type, payload } = message;
    switch (type) {
      case FrameType.open:
      case FrameType.resize: {
        const size = readSize(payload);
        if (!size) return this.refuse(viewer, 'a size that is none');
        return this.resize(viewer, size, type === FrameType.open);
      }
      case FrameType.input:
        return this.typed(viewer, payload);
      case FrameType.credit:
        if (payload.length !== 4) return this.refuse(viewer, 'credit that is no number');
        return viewer.credit(new DataView(payload.buffer, payload.byteOffset).getUint32(0, true));
      default:
        return this.refuse(viewer, `a frame of unknown type ${type}`);
    }
  }

  /** The newest size wins: it is the window that a person just opened or dragged. */
  private resize(viewer: Viewer, size: Size, opens: boolean): void {
    this.screen.resize(size);
    if (opens) viewer.open();
    this.tellState();
  }

  private typed(viewer: Viewer, bytes: Uint8Array): void | Promise<void> {
    if (bytes.length > MAX_INPUT_BYTES)
      return this.refuse(viewer, 'more input than a frame may hold');
    const taken = this.life?.input.write(bytes);
    if (taken === false) return this.refuse(viewer, 'more input than the guest takes');
    return taken;
  }

  /** What the guest asks the terminal. A guest that asks and does not read loses the answer. */
  private answer(text: string): void {
    void this.life?.input.write(utf8.encode(text));
  }

  private refuse(viewer: Viewer, what: string): void {
    const error = new DomusError('console.bad-frame', `The console got ${what} and was closed.`);
    this.viewers.delete(viewer);
    viewer.fail(error.toJSON());
  }

  private tellState(): void {
    for (const viewer of this.viewers) viewer.state({ state: this.state, ...this.screen.size });
  }
}

function readSize(payload: Uint8Array): Size | null {
  try {
    return SizeMessage.parse(JSON.parse(frameText(payload)));
  } catch {
    return null;
  }
}
