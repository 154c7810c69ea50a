/** A person at a guest's console: types, and waits for what should appear. */
import type { Doorbell } from '../../../shared/ring/doorbell.ts';
import { RingConsumer, RingProducer } from '../../../shared/ring/byte-ring.ts';
import type { ConsoleRings } from '../../toolstack/control/host.contract.ts';

const PROMPT = /:~# (\x1b\[6n)?$/;
/** A guest that is silent this long is not going to say it: cold boots on two busy cores included. */
const PATIENCE_MS = 150_000;

export class GuestConsole {
  /** Everything printed so far. */
  text = '';
  private readonly input: RingProducer;
  private readonly doorbell: Doorbell;
  private changed: () => void = () => undefined;
  private commands = 0;

  constructor(rings: ConsoleRings, doorbell: Doorbell) {
    this.input = new RingProducer(rings.input);
    this.doorbell = doorbell;
    void this.drain(new RingConsumer(rings.output));
  }

  type(text: string): void {
    this.input.write(new TextEncoder().encode(text));
    this.doorbell.ring();
  }

  /** Settles when the text from `from` on matches. */
  async until(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const match = pattern.exec(this.text.slice(from));
      if (match) return match;
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) throw new Error(`never saw ${pattern} in …${this.text.slice(-500)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.changed = () => (clearTimeout(timer), resolve());
      });
    }
  }

  prompt(): Promise<RegExpExecArray> {
    return this.until(PROMPT);
  }

  /** After its boot: at the shell's prompt, and its kernel prints nothing in between any more. */
  async ready(): Promise<void> {
    await this.prompt();
    this.type('dmesg -n 1\n');
    await this.run('true');
  }

  /** Runs a command line in the shell and returns what it printed. */
  async run(command: string): Promise<string> {
    const mark = `domus-${++this.commands}`;
    const from = this.text.length;
    // The marks are split in what is typed, so that the echo does not match.
    this.type(`echo '${mark}'-begin; ${command}; echo '${mark}'-end\n`);
    const match = await this.until(
      new RegExp(`^${mark}-begin\\r?\\n([^]*?)^${mark}-end`, 'm'),
      from,
    );
    return match[1]!.replaceAll('\r', '').trim();
  }

  private async drain(output: RingConsumer): Promise<void> {
    const decoder = new TextDecoder();
    for (;;) {
      await output.readable();
      this.text += decoder.decode(output.read(), { stream: true });
      this.changed();
    }
  }
}
