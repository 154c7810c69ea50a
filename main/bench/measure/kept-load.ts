/**
 * A client that asks a server to keep numbers, at a steady rate, and remembers which it was told are
 * kept, and how long each took.
 */
import { get } from 'node:http';

/** An answer that takes longer is none. */
const PATIENCE_MS = 10_000;
/** A server that falls behind is not buried: as many clients as a small site has at once. */
const AT_ONCE = 8;

export class KeptLoad {
  /** Numbers that the server said it keeps. */
  readonly acknowledged: number[] = [];
  /** Without an answer, or with another one. */
  failed = 0;
  private readonly port: number;
  private next = 1;
  private latencies: number[] = [];
  private timer: NodeJS.Timeout | null = null;
  private readonly underWay = new Set<Promise<void>>();

  /** @param port of 127.0.0.1 */
  constructor(port: number) {
    this.port = port;
  }

  /** The most it answers a second: `parallel` requests at a time, for `ms`. */
  async most(parallel: number, ms: number): Promise<number> {
    const [before, startMs] = [this.acknowledged.length, performance.now()];
    const chain = async (): Promise<void> => {
      while (performance.now() - startMs < ms) await this.ask();
    };
    await Promise.all(Array.from({ length: parallel }, chain));
    return ((this.acknowledged.length - before) * 1e3) / (performance.now() - startMs);
  }

  /** Goes on until `stop`, also while the server does not answer. */
  start(perSecond: number): void {
    this.timer = setInterval(() => {
      if (this.underWay.size >= AT_ONCE) return;
      const asked = this.ask();
      this.underWay.add(asked);
      void asked.then(() => this.underWay.delete(asked));
    }, 1e3 / perSecond);
  }

  /** Settles when what was asked is answered, or never will be. */
  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await Promise.all(this.underWay);
  }

  /** Of the answers since the last call, ms. */
  takeLatencies(): number[] {
    const { latencies } = this;
    this.latencies = [];
    return latencies;
  }

  private async ask(): Promise<void> {
    const number = this.next++;
    const startMs = performance.now();
    const answer = await this.fetch(`/cgi-bin/keep?${number}`);
    if (answer?.trim() !== `kept ${number}`) {
      this.failed++;
      return;
    }
    this.acknowledged.push(number);
    this.latencies.push(performance.now() - startMs);
  }

  /** Null: it failed. */
  private fetch(path: string): Promise<string | null> {
    return new Promise((resolve) => {
      const request = get(
        { host: '127.0.0.1', port: this.port, path, agent: false, timeout: PATIENCE_MS },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (text += chunk));
          response.on('end', () => resolve(text));
          response.on('error', () => resolve(null));
        },
      );
      request.on('timeout', () => request.destroy());
      request.on('error', () => resolve(null));
    });
  }
}

/** For a guest's shell: a server of such numbers on port 80, kept in `/tmp/kept`. */
export const KEEPING_SERVER = [
  'mkdir -p /tmp/www/cgi-bin',
  ': >/tmp/kept',
  `printf '%s\\n' '#!/bin/sh' 'echo $QUERY_STRING >>/tmp/kept' 'printf "Content-type: text/plain\\r\\n\\r\\nkept %s\\n" $QUERY_STRING' >/tmp/www/cgi-bin/keep`,
  'chmod +x /tmp/www/cgi-bin/keep',
  'httpd -p 80 -h /tmp/www',
].join('; ');
