/** Captures of interfaces of this host's domains, each to a file that the asking side has opened. */
import { createWriteStream, fstatSync } from 'node:fs';
import { DomusError } from '../../../shared/errors.ts';
import { Capture, CaptureCounters } from '../../dom0/network/index.ts';
import type { CaptureSpec, HostEvents } from '../../toolstack/control/host.contract.ts';
import type { VifDevice } from './vif-device.ts';

type Ended = HostEvents['capture.ended'];

interface Running {
  capture: Capture;
  unlisten(): void;
}

export class HostCaptures {
  private readonly running = new Map<string, Running>();
  private readonly ended: (event: Ended) => void;

  /** @param ended one ended by itself */
  constructor(ended: (event: Ended) => void) {
    this.ended = ended;
  }

  /** @throws DomusError `capture.running` */
  start(spec: CaptureSpec, vif: VifDevice): void {
    const { capture: id, fd, continues, maxBytes } = spec;
    if (this.running.has(id)) {
      throw new DomusError('capture.running', `the capture ${id} runs on this host already`);
    }
    const capture = new Capture({
      output: createWriteStream('', { fd, autoClose: false }),
      // Date.now() has no microseconds.
      wallClockMs: () => performance.timeOrigin + performance.now(),
      fileBytes: continues ? fstatSync(fd).size : 0,
      fileBytesMax: maxBytes,
      counters: new CaptureCounters(spec.counters),
      full: () => void this.end(id, `the file has reached its ${maxBytes} bytes`),
    });
    capture.finished.catch(() => void this.end(id, null));
    const unlisten = vif.listen({
      tap: capture.tap,
      gone: (reason) => void this.end(id, reason),
    });
    this.running.set(id, { capture, unlisten });
  }

  /** @throws DomusError `capture.not-here`, `capture.file-failed` */
  async stop(id: string): Promise<void> {
    const running = this.take(id);
    if (!running) throw new DomusError('capture.not-here', `no capture ${id} runs on this host`);
    try {
      await running.capture.stop();
    } catch (cause) {
      throw new DomusError('capture.file-failed', fileFault(cause), { cause });
    }
  }

  private async end(id: string, reason: string | null): Promise<void> {
    const running = this.take(id);
    if (!running) return;
    let why = reason;
    try {
      await running.capture.stop();
    } catch (error) {
      why = fileFault(error);
    }
    this.ended({ capture: id, reason: why });
  }

  private take(id: string): Running | undefined {
    const running = this.running.get(id);
    this.running.delete(id);
    running?.unlisten();
    return running;
  }
}

function fileFault(error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return `the capture's file could not be written: ${why}`;
}
