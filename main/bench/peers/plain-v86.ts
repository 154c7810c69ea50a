/** Plain v86 as a machine to measure beside ours. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BootFiles, Machine } from './machine.ts';
import type { PlainV86Answer, PlainV86Options } from './plain-v86.contract.ts';
import { V86Dialogue } from './v86-dialogue.ts';

export class PlainV86 extends V86Dialogue implements Machine {
  private readonly child: ChildProcess;

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
    const child = fork(program, [JSON.stringify(options)], { serialization: 'advanced' });
    super((message) => void child.send(message));
    this.child = child;
    child.on('message', (answer) => this.receive(answer as PlainV86Answer));
    child.on('exit', (code, signal) => this.ended(`its process ended (${code ?? signal})`));
  }

  /** Process that holds it and nothing else. */
  get pid(): number {
    return this.child.pid!;
  }

  /** Its whole state, into a file. It goes on. */
  save(stateFile: string): Promise<void> {
    return this.ask({ type: 'save', stateFile }, 'saved');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.hasEnded) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.disconnect();
    await ended;
  }
}
