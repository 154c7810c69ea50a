/** A TCP connection to a guest that sends back what it gets: numbers, each of which must come once and in order. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';

const LINES_AT_ONCE = 50;
const EVERY_MS = 20;
/** Unanswered. More is not sent. */
const MOST_LINES = 20_000;

export class NumberedStream implements Disposable {
  /** What went wrong, a sentence each. */
  readonly errors: string[] = [];
  private readonly socket: Socket;
  private readonly timer: NodeJS.Timeout;
  private sent = 0;
  private expected = 0;
  private rest = '';
  private isOver = false;

  /** @param port of 127.0.0.1 */
  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1' });
    this.socket.setEncoding('latin1');
    this.socket.on('data', (text) => this.receive(String(text)));
    this.socket.on('error', (error) => this.fail(error.message));
    this.socket.on('close', () => this.fail('it was closed'));
    this.timer = setInterval(() => this.send(), EVERY_MS);
  }

  /** How many came back as they should. */
  get received(): number {
    return this.expected;
  }

  [Symbol.dispose](): void {
    this.isOver = true;
    clearInterval(this.timer);
    this.socket.destroy();
  }

  private send(): void {
    if (this.sent - this.expected > MOST_LINES || this.socket.connecting) return;
    let lines = '';
    for (let line = 0; line < LINES_AT_ONCE; line++) lines += `${this.sent++}\n`;
    this.socket.write(lines);
  }

  private receive(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop()!;
    for (const line of lines) {
      if (line !== String(this.expected))
        this.errors.push(`${line} came instead of ${this.expected}`);
      this.expected = Number(line) + 1;
    }
  }

  private fail(why: string): void {
    if (!this.isOver) this.errors.push(why);
    this[Symbol.dispose]();
  }
}
