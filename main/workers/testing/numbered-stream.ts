/** A program on this machine that reads numbers, one a line and without end, from a guest's web server. */
import { get } from 'node:http';
import type { ClientRequest } from 'node:http';

export class NumberedStream {
  /** The last number that came. */
  last = 0;
  private rest = '';
  private broken: Error | null = null;
  private changed: () => void = () => undefined;
  private readonly request: ClientRequest;

  constructor(port: number, path: string) {
    this.request = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      response.setEncoding('utf8');
      response.on('data', (text: string) => this.take(text));
      response.on('error', (error) => this.fail(error));
      response.on('end', () => this.fail(new Error(`the stream ended at ${this.last}`)));
    });
    this.request.on('error', (error) => this.fail(error));
  }

  /** Settles when so many more have come; fails when one is missing, or comes twice. */
  async more(count: number): Promise<void> {
    const wanted = this.last + count;
    while (this.last < wanted) {
      if (this.broken) throw this.broken;
      await new Promise<void>((resolve) => (this.changed = resolve));
    }
  }

  close(): void {
    this.changed = () => undefined;
    this.request.destroy();
  }

  private take(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      if (Number(line) !== this.last + 1) {
        this.fail(new Error(`after ${this.last} came ${JSON.stringify(line)}`));
        return;
      }
      this.last++;
    }
    this.changed();
  }

  private fail(error: Error): void {
    this.broken ??= error;
    this.changed();
  }
}
