/**
 * Requests to a web server from outside, each on a connection of its own. As many a second as they
 * are told, whether or not those before were answered: people do not wait for one another.
 */
import { connect } from 'node:net';
import { nowMs } from './outside.ts';

/** A person's patience. */
const ANSWER_MS = 1000;
const AT_ONCE = 8;
const TURN_MS = 5;
const OK = /^HTTP\/1\.[01] 200 /;

export interface Request {
  askedAtMs: number;
  /** Null: reset, refused, cut off, or no answer in a second. */
  answeredAtMs: number | null;
}

/** @param bodyBytes of the page: fewer are no answer */
export function request(port: number, path: string, bodyBytes: number): Promise<Request> {
  return new Promise((resolve) => {
    const askedAtMs = nowMs();
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => done(null), ANSWER_MS);
    const done = (answeredAtMs: number | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ askedAtMs, answeredAtMs });
    };
    socket.on('connect', () => socket.write(`GET ${path} HTTP/1.0\r\n\r\n`));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => done(null));
    socket.on('end', () => done(isWhole(Buffer.concat(chunks), bodyBytes) ? nowMs() : null));
  });
}

function isWhole(answer: Buffer, bodyBytes: number): boolean {
  const head = answer.indexOf('\r\n\r\n');
  return OK.test(answer.toString('latin1', 0, 20)) && answer.length - head - 4 === bodyBytes;
}

/** Requests a second that are answered when eight are always under way. */
export async function mostPerSecond(
  port: number,
  path: string,
  bodyBytes: number,
  ms: number,
): Promise<number> {
  const endMs = nowMs() + ms;
  let answered = 0;
  const one = async (): Promise<void> => {
    while (nowMs() < endMs) {
      const { answeredAtMs } = await request(port, path, bodyBytes);
      if (answeredAtMs !== null && answeredAtMs <= endMs) answered++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return (answered * 1000) / ms;
}

export class HttpLoad {
  private readonly timer: NodeJS.Timeout;
  private readonly pending = new Set<Promise<void>>();
  private requests: Request[] = [];

  /** @param port asked for each request: a machine may have moved */
  constructor(port: () => number, path: string, bodyBytes: number, perSecond: number) {
    let dueMs = nowMs();
    this.timer = setInterval(() => {
      for (; dueMs <= nowMs(); dueMs += 1000 / perSecond) {
        const over = request(port(), path, bodyBytes).then((each) => {
          this.requests.push(each);
          this.pending.delete(over);
        });
        this.pending.add(over);
      }
    }, TURN_MS);
  }

  /** Those that ended since the last time, in any order. */
  take(): Request[] {
    const { requests } = this;
    this.requests = [];
    return requests;
  }

  /** Asks no more, waits for what is under way, and gives what {@link take} gives. */
  async stop(): Promise<Request[]> {
    clearInterval(this.timer);
    await Promise.all(this.pending);
    return this.take();
  }
}
