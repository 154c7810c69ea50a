/**
 * A shell in a guest, driven over the machine's terminal: one command at a time, its output and the
 * host's time between its first and last byte.
 *
 * The interactive shell is turned into a plain command reader (no line editor, no echo, no prompt),
 * so that what is typed never mixes with what is printed. Each command stands between two marks
 * that the guest prints; the time is that between their arrivals, so the terminal's own delay is on
 * both sides and falls out.
 */
import { MachineError } from '../peers/machine.ts';
import type { Machine } from '../peers/machine.ts';

export interface CommandResult {
  /** Host time between the command's start and end, ms. */
  tookMs: number;
  /** What it printed; lines end in `\n`. */
  output: string;
  status: number;
}

/** After it, the line editor's question for the cursor, or what a console's viewers get in its place. */
const PROMPT = /[#$] (?:\x1b\[6n|\x1b\\)?$/;
/** Reads commands without a line editor; `quit` leaves it. */
const READER = 'stty -echo; while IFS= read -r line; do eval "$line"; status=$?; done\n';

const SETTLE_TRIES = 5;

export class GuestShell {
  private readonly machine: Machine;
  private text = '';
  private startMark: string | null = null;
  private startedAtMs = 0;
  private check: (() => void) | null = null;
  private commands = 0;

  private constructor(machine: Machine) {
    this.machine = machine;
    machine.onOutput((bytes) => this.receive(bytes));
  }

  /** Settles when the shell answers a return key with its prompt. */
  static async answers(machine: Machine, timeoutMs = 180_000): Promise<void> {
    await new GuestShell(machine).prompt(timeoutMs);
  }

  /** Waits for the shell's prompt, then takes the shell over. */
  static async open(machine: Machine, timeoutMs = 180_000): Promise<GuestShell> {
    const shell = new GuestShell(machine);
    await shell.prompt(timeoutMs);
    shell.send(READER);
    await shell.settle();
    return shell;
  }

  /** Of a machine that was saved while another `GuestShell` held its shell. */
  static async resume(machine: Machine): Promise<GuestShell> {
    const shell = new GuestShell(machine);
    await shell.settle();
    return shell;
  }

  /**
   * Runs one line of shell.
   *
   * @throws MachineError when it has not ended after `timeoutMs`
   */
  async run(command: string, timeoutMs = 120_000): Promise<CommandResult> {
    const id = ++this.commands;
    const start = `<start ${id}>\n`;
    const end = new RegExp(`<end ${id} (\\d+)>\\n`);
    this.text = '';
    this.startMark = start;
    this.send(`echo '<start ${id}>'; ${command}\necho "<end ${id} $status>"\n`);
    const found = await this.until(end, timeoutMs, command);
    if (this.startMark) throw new MachineError(`${this.machine.name}: "${command}" was garbled`);
    const tookMs = performance.now() - this.startedAtMs;
    const from = this.text.indexOf(start) + start.length;
    const output = this.text.slice(from, found.index);
    return { tookMs, output, status: Number(found[1]) };
  }

  /**
   * Runs nothing until that works twice in a row: a terminal answers the line editor's last question for the
   * cursor's place after the editor is gone, and the reader takes the answer for a command.
   */
  private async settle(): Promise<void> {
    for (let tries = 1, good = 0; good < 2; tries++) {
      try {
        await this.run('true', 30_000);
        good++;
      } catch (error) {
        if (tries === SETTLE_TRIES) throw error;
        good = 0;
      }
    }
  }

  private async prompt(timeoutMs: number): Promise<void> {
    // A prompt that was printed before anybody listened is printed again.
    this.send('\n');
    const knock = setInterval(() => this.send('\n'), 2000);
    try {
      await this.until(PROMPT, timeoutMs, 'the shell');
    } finally {
      clearInterval(knock);
    }
  }

  private send(text: string): void {
    this.machine.write(Buffer.from(text));
  }

  private receive(bytes: Uint8Array): void {
    this.text += Buffer.from(bytes).toString('latin1').replaceAll('\r', '');
    if (this.startMark && this.text.includes(this.startMark)) {
      this.startedAtMs = performance.now();
      this.startMark = null;
    }
    this.check?.();
  }

  private until(pattern: RegExp, timeoutMs: number, what: string): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.check = null;
        const tail = JSON.stringify(this.text.slice(-200));
        reject(
          new MachineError(
            `${this.machine.name}: "${what}" did not answer in ${timeoutMs} ms; its terminal shows ${tail}`,
          ),
        );
      }, timeoutMs);
      this.check = () => {
        const found = pattern.exec(this.text);
        if (!found) return;
        this.check = null;
        clearTimeout(timer);
        resolve(found);
      };
      this.check();
    });
  }
}
