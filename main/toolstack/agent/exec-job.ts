/** One command that runs in a guest: its output on the way to whoever asked for it. */
import type { ExecChunk } from '../../../shared/contract/index.ts';
import type { DomusError } from '../../../shared/errors.ts';

/** More than this waiting, and the agent's line is not read on. */
const HIGH_WATER_BYTES = 1 << 20;

export class ExecJob {
  private readonly chunks: ExecChunk[] = [];
  private waitingBytes = 0;
  private failure: DomusError | null = null;
  private ended = false;
  private wake: (() => void) | null = null;
  private drained: (() => void) | null = null;

  output(type: 'stdout' | 'stderr', bytes: Uint8Array): void {
    if (this.ended) return;
    this.chunks.push({ type, base64: Buffer.from(bytes).toString('base64') });
    this.waitingBytes += bytes.length;
    this.wake?.();
  }

  exit(status: number): void {
    if (this.ended) return;
    this.chunks.push({ type: 'exit', status });
    this.ended = true;
    this.wake?.();
  }

  fail(error: DomusError): void {
    if (this.ended) return;
    this.failure = error;
    this.ended = true;
    this.wake?.();
    this.drained?.();
  }

  get isFull(): boolean {
    return !this.ended && this.waitingBytes > HIGH_WATER_BYTES;
  }

  /** Settles once the reader has caught up, or the job is over. */
  async whenDrained(): Promise<void> {
    if (this.isFull) await new Promise<void>((resolve) => (this.drained = resolve));
    this.drained = null;
  }

  /** What it prints, then its exit status; the failure comes after what was printed before it. */
  async *read(): AsyncGenerator<ExecChunk, void, void> {
    for (;;) {
      const chunk = this.chunks.shift();
      if (chunk) {
        this.waitingBytes -= chunk.type === 'exit' ? 0 : (chunk.base64.length * 3) / 4;
        if (this.waitingBytes <= HIGH_WATER_BYTES / 2) this.drained?.();
        yield chunk;
        if (chunk.type === 'exit') return;
        continue;
      }
      if (this.failure) throw this.failure;
      await new Promise<void>((resolve) => (this.wake = resolve));
      this.wake = null;
    }
  }
}
