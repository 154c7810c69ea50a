/** What a guest tells by datagrams while it works: one a step. */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { nowMs } from './outside.ts';

/** A guest that starts its program is not listening yet. */
const KNOCK_MS = 200;

export class Beats implements Disposable {
  private readonly socket: Socket = createSocket('udp4');
  private readonly knock: NodeJS.Timeout;
  private times: number[] = [];

  /** Asks for them until the first comes. @param port of 127.0.0.1 */
  constructor(port: number) {
    this.socket.on('error', () => undefined);
    const ask = (): void => this.socket.send('?', port, '127.0.0.1', () => undefined);
    this.knock = setInterval(ask, KNOCK_MS);
    this.socket.once('message', () => clearInterval(this.knock));
    this.socket.on('message', () => this.times.push(nowMs()));
    ask();
  }

  /** When those came that came since the last time, ms of `nowMs`. */
  take(): number[] {
    const { times } = this;
    this.times = [];
    return times;
  }

  [Symbol.dispose](): void {
    clearInterval(this.knock);
    this.socket.close();
  }
}
