/**
 * What was translated of a saved guest's code, as long as the program runs: a guest that goes on from its
 * file does not begin by having it translated again. It stays, unread, in the port into which the domain's
 * thread has put it. Another program, or this one after a restart, has the file alone.
 */
import type { MessagePort } from 'node:worker_threads';

/** Some ten MiB each; the one that was kept first goes first. */
const MOST_KEPT = 4;

export class KeptCode {
  /** By the identity of the file. */
  private readonly ports = new Map<string, MessagePort>();

  /** @param file its identity (`state-file.ts`): what is at its path later may be another */
  keep(file: string, port: MessagePort): void {
    this.ports.set(file, port);
    for (const [oldest, forgotten] of this.ports) {
      if (this.ports.size <= MOST_KEPT) return;
      this.ports.delete(oldest);
      forgotten.close();
    }
  }

  /** For the thread that takes the file's stream. Once: whoever reads it has it. */
  take(file: string): MessagePort | null {
    const port = this.ports.get(file) ?? null;
    this.ports.delete(file);
    return port;
  }
}
