/** A plain v86 that runs elsewhere, whichever way messages get there. */
import { MachineError } from './machine.ts';
import type { PlainV86Answer, PlainV86Message, StateTimes } from './plain-v86.contract.ts';

interface Expectation {
  answer: PlainV86Answer;
  resolve(): void;
  reject(error: MachineError): void;
}

export class V86Dialogue {
  readonly name = 'v86';
  private readonly post: (message: PlainV86Message) => void;
  private listener: (bytes: Uint8Array) => void = () => undefined;
  private expecting: Expectation | null = null;
  private stateTimes: {
    resolve(times: StateTimes): void;
    reject(error: MachineError): void;
  } | null = null;
  private dead: MachineError | null = null;

  constructor(post: (message: PlainV86Message) => void) {
    this.post = post;
  }

  get hasEnded(): boolean {
    return this.dead !== null;
  }

  onOutput(listener: (bytes: Uint8Array) => void): void {
    this.listener = listener;
  }

  /** @throws MachineError when it has ended */
  write(bytes: Uint8Array): void {
    this.send({ type: 'input', bytes });
  }

  pause(): Promise<void> {
    return this.ask({ type: 'pause' }, 'paused');
  }

  resume(): Promise<void> {
    return this.ask({ type: 'resume' }, 'resumed');
  }

  /** It must run, and goes on. */
  timeState(): Promise<StateTimes> {
    return new Promise((resolve, reject) => {
      this.stateTimes = { resolve, reject };
      this.send({ type: 'time-state' });
    });
  }

  protected receive(answer: PlainV86Answer): void {
    if (answer instanceof Uint8Array) return this.listener(answer);
    if (typeof answer === 'object') return this.stateTimes?.resolve(answer);
    if (this.expecting?.answer === answer) this.expecting.resolve();
  }

  /** @param why as in "v86: its process ended (1)" */
  protected ended(why: string): void {
    this.dead = new MachineError(`v86: ${why}`);
    this.expecting?.reject(this.dead);
    this.stateTimes?.reject(this.dead);
  }

  protected ask(message: PlainV86Message, answer: PlainV86Answer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.expecting = { answer, resolve, reject };
      this.send(message);
    });
  }

  private send(message: PlainV86Message): void {
    if (this.dead) throw this.dead;
    this.post(message);
  }
}
