/** A console hub with a guest's side of the rings, and viewers as the user interface has them. */
import { MessageChannel } from 'node:worker_threads';
import headless from '@xterm/headless';
import unicode from '@xterm/addon-unicode11';
import { boundTerminal } from '../../../shared/bounded-terminal.ts';
import {
  creditFrame,
  frame,
  frameText,
  FrameType,
  jsonFrame,
  parseFrame,
} from '../../../shared/console-protocol.ts';
import { createRing, RingConsumer, RingProducer } from '../../../shared/ring/byte-ring.ts';
import { ConsoleHub } from '../console/hub.ts';
import { FramePort } from '../frame-port.ts';
import { seenScreen } from './seen-screen.ts';

export const UUID = '00000000-0000-4000-8000-000000000001';
const context = { signal: new AbortController().signal };

/** The guest's ends of the rings of one life. */
export class Guest {
  readonly rings = { output: createRing(64 * 1024), input: createRing(4096) };
  readonly doorbell = new SharedArrayBuffer(4);
  private readonly output = new RingProducer(this.rings.output);
  readonly input = new RingConsumer(this.rings.input);

  async print(bytes: Uint8Array | string): Promise<void> {
    let rest = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
    while (rest.length > 0) {
      const free = this.output.free;
      rest = rest.subarray(this.output.write(rest));
      if (rest.length > 0) await this.output.whenConsumed(free);
    }
  }

  /** Bytes that the hub has not read. */
  get unread(): number {
    return this.output.used;
  }
}

export class ViewerTerminal {
  readonly terminal = new headless.Terminal({
    cols: 80,
    rows: 24,
    scrollback: 5000,
    allowProposedApi: true,
    logLevel: 'off',
  });
  /** Payload bytes of `output` frames. */
  outputBytes = 0;
  resets = 0;
  answers: string[] = [];
  states: { state: string; columns: number; rows: number }[] = [];
  error: { code: string } | null = null;
  closed = false;
  /** When false it reads and never gives credit. */
  consumes = true;
  private readonly pipe: FramePort;
  private owed = 0;

  constructor(hub: ConsoleHub, uuid = UUID) {
    const { port1, port2 } = new MessageChannel();
    boundTerminal(this.terminal);
    this.terminal.loadAddon(new unicode.Unicode11Addon() as never);
    this.terminal.unicode.activeVersion = '11';
    this.terminal.onData((answer) => this.answers.push(answer));
    this.pipe = new FramePort(port1, {
      frame: (bytes) => this.receive(bytes as Uint8Array),
      closed: () => (this.closed = true),
    });
    void hub.viewerCalls['console.connect']({ uuid, port: port2 }, context);
  }

  open(columns = 80, rows = 24): this {
    this.pipe.send(jsonFrame(FrameType.open, { columns, rows }));
    return this;
  }

  resize(columns: number, rows: number): void {
    this.pipe.send(jsonFrame(FrameType.resize, { columns, rows }));
  }

  type(text: string | Uint8Array): void {
    const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    this.pipe.send(frame(FrameType.input, bytes));
  }

  post(bytes: Uint8Array): void {
    this.pipe.send(bytes);
  }

  /** Input bytes that the hub has not acknowledged. */
  get inputUnderWay(): number {
    return this.pipe.unacknowledged;
  }

  /** Gives the credit that was held back. */
  catchUp(): void {
    this.consumes = true;
    this.pipe.send(creditFrame(this.owed));
    this.owed = 0;
  }

  screen(): Promise<string> {
    return new Promise((resolve) => {
      this.terminal.write('', () => resolve(seenScreen(this.terminal)));
    });
  }

  close(): void {
    this.pipe.close();
  }

  private receive(bytes: Uint8Array): void {
    const message = parseFrame(bytes);
    if (!message) throw new Error('an empty frame');
    const { type, payload } = message;
    if (type === FrameType.state) {
      const state = JSON.parse(frameText(payload)) as (typeof this.states)[number];
      this.states.push(state);
      this.terminal.write('', () => this.terminal.resize(state.columns, state.rows));
    } else if (type === FrameType.error) {
      this.error = JSON.parse(frameText(payload)) as { code: string };
    } else {
      if (type === FrameType.reset) {
        this.resets++;
        this.terminal.write('\x1bc');
      } else {
        this.outputBytes += payload.length;
      }
      this.terminal.write(payload, () => this.consumed(payload.length));
    }
  }

  private consumed(bytes: number): void {
    if (this.consumes) this.pipe.send(creditFrame(bytes));
    else this.owed += bytes;
  }
}

export class ConsoleBench {
  readonly hub = new ConsoleHub();

  async attach(guest: Guest, printed = ''): Promise<void> {
    await this.hub.hubCalls['console.attach'](
      {
        uuid: UUID,
        name: 'web1',
        state: 'running',
        rings: guest.rings,
        doorbell: guest.doorbell,
        printed,
      },
      context,
    );
  }

  detach(): void {
    void this.hub.hubCalls['console.detach']({ uuid: UUID }, context);
  }

  forget(): void {
    void this.hub.hubCalls['console.forget']({ uuid: UUID }, context);
  }

  async dmesg(): Promise<string> {
    return (await this.hub.hubCalls['console.dmesg']({ uuid: UUID }, context)).text;
  }

  async printed(): Promise<string> {
    return (await this.hub.hubCalls['console.printed']({ uuid: UUID }, context)).text;
  }
}
