/** Plain v86 as a machine to measure beside ours. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { MachineError } from './machine.ts';
import type { BootFiles, Machine } from './machine.ts';
import type { PlainV86Answer, PlainV86Message, PlainV86Options } from './plain-v86.contract.ts';

interface Expectation {
  answer: PlainV86Answer;
  resolve(): void;
  reject(error: MachineError): void;
}

export class PlainV86 implements Machine {
  readonly name = 'v86';
  private readonly child: ChildProcess;
  private listener: (bytes: Uint8Array) => void = () => undefined;
  private expecting: Expectation | null = null;
  private dead: MachineError | null = null;

  /**
   * Boots, or goes on from what `save` wrote for the same files and memory.
   *
   * @param diskFile content of an IDE disk, which it keeps in memory
   */
  constructor(
    files: BootFiles,
    memoryMiB: number,
    stateFile: string | null = null,
    diskFile: string | null = null,
  ) {
    const options: PlainV86Options = { files, memoryMiB, stateFile, diskFile, cable: null };
    const program = fileURLToPath(new URL('./plain-v86.process.ts', import.meta.url));
    this.child = fork(program, [JSON.stringify(options)], { serialization: 'advanced' });
    this.child.on('message', (answer) => this.receive(answer as PlainV86Answer));
    this.child.on('exit', (code, signal) => {
      this.dead = new MachineError(`v86: its process ended (${code ?? signal})`);
      this.expecting?.reject(this.dead);
    });
  }

  /** Process that holds it and nothing else. */
  get pid(): number {
    return this.child.pid!;
  }

  onOutput(listener: (bytes: Uint8Array) => void): void {
    this.listener = listener;
  }

  write(bytes: Uint8Array): void {
    this.send({ type: 'input', bytes });
  }

  pause(): Promise<void> {
    return this.ask({ type: 'pause' }, 'paused');
  }

  resume(): Promise<void> {
    return this.ask({ type: 'resume' }, 'resumed');
  }

  /** Its whole state, into a file. It goes on. */
  save(stateFile: string): Promise<void> {
    return this.ask({ type: 'save', stateFile }, 'saved');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.dead) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.disconnect();
    await ended;
  }

  private receive(answer: PlainV86Answer): void {
    if (typeof answer !== 'string') return this.listener(answer);
    if (this.expecting?.answer === answer) this.expecting.resolve();
  }

  private ask(message: PlainV86Message, answer: PlainV86Answer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.expecting = { answer, resolve, reject };
      this.send(message);
    });
  }

  private send(message: PlainV86Message): void {
    if (this.dead) throw this.dead;
    this.child.send(message);
  }
}
