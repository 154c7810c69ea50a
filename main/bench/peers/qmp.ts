/** QEMU's machine protocol: a line of JSON each for greeting, command, answer and event. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { delay } from '../measure/delay.ts';
import { MachineError } from './machine.ts';

const CONNECT_TRIES = 200;
const CONNECT_EVERY_MS = 25;

interface Event {
  event: string;
  data?: Record<string, unknown>;
}

type Message = Event | { QMP: unknown } | { return: unknown } | { error: { desc: string } };

interface Waiting<T> {
  resolve(value: T): void;
  reject(error: MachineError): void;
}

export class Qmp implements Disposable {
  private readonly socket: Socket;
  private readonly answers: Waiting<unknown>[] = [];
  private readonly expected = new Map<(event: Event) => boolean, Waiting<void>>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', () => this.ended());
    createInterface({ input: socket }).on('line', (line) =>
      this.receive(JSON.parse(line) as Message),
    );
  }

  /** @param path of the socket, which a QEMU that has just been started makes */
  static async connect(path: string): Promise<Qmp> {
    for (let tries = 1; ; tries++) {
      const socket = connect(path);
      try {
        await once(socket, 'connect');
        const qmp = new Qmp(socket);
        await qmp.run('qmp_capabilities');
        return qmp;
      } catch (cause) {
        if (tries === CONNECT_TRIES) throw new MachineError('qemu: no machine protocol', { cause });
        await delay(CONNECT_EVERY_MS);
      }
    }
  }

  /** @throws MachineError when QEMU refuses it, or ended */
  run(execute: string, args: Record<string, unknown> = {}): Promise<unknown> {
    this.socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    return new Promise((resolve, reject) => this.answers.push({ resolve, reject }));
  }

  /** Settles at the next event of this name that says this `status`, where one is given. */
  event(name: string, status?: string): Promise<void> {
    return new Promise((resolve, reject) =>
      this.expected.set(
        ({ event, data }) =>
          event === name && (status === undefined || data?.['status'] === status),
        { resolve, reject },
      ),
    );
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  private receive(message: Message): void {
    if ('event' in message) {
      for (const [isIt, { resolve }] of this.expected) {
        if (!isIt(message)) continue;
        this.expected.delete(isIt);
        resolve();
      }
    } else if ('error' in message) {
      this.answers.shift()?.reject(new MachineError(`qemu: ${message.error.desc}`));
    } else if ('return' in message) {
      this.answers.shift()?.resolve(message.return);
    }
  }

  private ended(): void {
    const error = new MachineError('qemu: it ended');
    for (const { reject } of [...this.answers.splice(0), ...this.expected.values()]) reject(error);
    this.expected.clear();
  }
}
