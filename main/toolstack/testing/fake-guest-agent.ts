/** A guest's agent as far as its line goes: a few commands, and whatever a test has it say. */
import { RingConsumer, RingProducer } from '../../../shared/ring/byte-ring.ts';
import type { ConsoleRings } from '../control/host.contract.ts';

const FRAME_BYTES = 24_000;

export class FakeGuestAgent {
  /** Texts of the commands it was given. */
  readonly commands: string[] = [];
  /** Ids of the commands it was told to kill. */
  readonly killed: number[] = [];
  /** Bytes that `flood` has printed. */
  flooded = 0;
  /** Pings that it loses before it answers one: its line was just going away. */
  losesPings = 0;
  /** Clocks that it sets half a second late before it sets one in time. */
  setsClocksLate = 0;
  /** Clocks that it was told. */
  clocks = 0;
  /** It waits for room in its ring. */
  isStuck = false;
  private readonly incoming: RingConsumer;
  private readonly outgoing: RingProducer;
  private readonly parts = new Map<string, string>();
  private saying: Promise<void> = Promise.resolve();
  private changed: () => void = () => {};

  constructor(rings: ConsoleRings) {
    this.incoming = new RingConsumer(rings.input);
    this.outgoing = new RingProducer(rings.output);
    void this.listen();
  }

  close(): void {
    this.incoming.close();
    this.outgoing.close();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.changed = resolve));
  }

  /** Bytes on the line, whole, in order, waiting for room. */
  sayRaw(bytes: Uint8Array): Promise<void> {
    this.saying = this.saying.then(async () => {
      for (let at = 0; at < bytes.length && !this.outgoing.closed;) {
        const free = this.outgoing.free;
        const written = this.outgoing.write(bytes.subarray(at));
        at += written;
        if (written > 0) continue;
        this.isStuck = true;
        this.changed();
        await this.outgoing.whenConsumed(free);
        this.isStuck = false;
      }
    });
    return this.saying;
  }

  private say(line: string): Promise<void> {
    return this.sayRaw(Buffer.from(`${line}\n`, 'latin1'));
  }

  private async listen(): Promise<void> {
    let text = '';
    for (;;) {
      await this.incoming.readable();
      if (this.incoming.closed) return;
      text += Buffer.from(this.incoming.read()).toString('latin1');
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        this.handle(text.slice(0, end));
        text = text.slice(end + 1);
      }
      this.changed();
    }
  }

  private handle(line: string): void {
    const [verb = '', id = '', rest = ''] = line.split(' ');
    switch (verb) {
      case 'hello':
        return void this.say('hello 1');
      case 'ping':
        if (this.losesPings-- > 0) return;
        return void this.say(`pong ${id}`);
      case 'identity':
        return void this.say(`ok ${id}`);
      case 'clock':
        return this.setClock(id, Number(line.split(' ')[3]));
      case 'part':
        return void this.parts.set(id, (this.parts.get(id) ?? '') + rest);
      case 'kill':
        return void this.killed.push(Number(id));
      case 'exec': {
        const text = (this.parts.get(id) ?? '') + rest;
        this.parts.delete(id);
        return this.exec(id, decode(text));
      }
    }
  }

  private setClock(id: string, microseconds: number): void {
    this.clocks++;
    const lateMs = this.setsClocksLate-- > 0 ? 500 : 0;
    setTimeout(() => void this.say(`ok ${id}`), 1000 - microseconds / 1000 + lateMs);
  }

  private exec(id: string, command: string): void {
    this.commands.push(command);
    const [word, ...rest] = command.split(' ');
    if (word === 'hang') return;
    if (word === 'yes') return void this.print(id, 'y\n');
    if (word === 'flood') return void this.flood(id, Number(rest[0]));
    if (word === 'echo') void this.print(id, `${rest.join(' ')}\n`);
    void this.say(`exit ${id} 0`);
  }

  private async flood(id: string, total: number): Promise<void> {
    const frame = 'x'.repeat(FRAME_BYTES);
    while (this.flooded < total) {
      const bytes = Math.min(FRAME_BYTES, total - this.flooded);
      await this.print(id, frame.slice(0, bytes));
      this.flooded += bytes;
    }
    await this.say(`exit ${id} 0`);
  }

  private print(id: string, text: string): Promise<void> {
    return this.say(`out ${id} ${Buffer.from(text).toString('base64')}`);
  }
}

/** `\ooo` to bytes, and those to text. */
function decode(text: string): string {
  const bytes = text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
