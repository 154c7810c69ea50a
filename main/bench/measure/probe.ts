/** A probe at 1 kHz from outside of a guest, which answers by UDP. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { ProbeMessage, ProbeOptions, ProbeSamples } from './probe.contract.ts';

export class Probe implements AsyncDisposable {
  private readonly worker: Worker;

  /** Rests at first. @param ports of 127.0.0.1; see {@link ProbeOptions} */
  constructor(ports: readonly number[]) {
    const options: ProbeOptions = { ports };
    this.worker = new Worker(new URL('./probe.worker.ts', import.meta.url), {
      workerData: options,
    });
  }

  ask(): void {
    this.send({ type: 'ask' });
  }

  rest(): void {
    this.send({ type: 'rest' });
  }

  /** What came since the last time. */
  async take(): Promise<ProbeSamples> {
    this.send({ type: 'take' });
    const [samples] = (await once(this.worker, 'message')) as [ProbeSamples];
    return samples;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker.terminate();
  }

  private send(message: ProbeMessage): void {
    this.worker.postMessage(message);
  }
}
