/**
 * A call that may never end, as those into a file system whose server is away: each that hangs holds
 * one of the threads that the process has for files. So there is one at a time, and who wants to know
 * waits for only so long.
 */
import { within } from './waiting.ts';

export class PatientCall<T> {
  private readonly work: () => Promise<T>;
  private readonly patienceMs: number;
  private readonly late: () => Error;
  private running: { over: Promise<void>; sinceMs: number } | null = null;
  private next: Promise<T> | null = null;

  /** @param late what it is to be taken for when `patienceMs` have passed */
  constructor(work: () => Promise<T>, patienceMs: number, late: () => Error) {
    this.work = work;
    this.patienceMs = patienceMs;
    this.late = late;
  }

  /** It was made, and has not ended in time. */
  get isLate(): boolean {
    return this.running !== null && performance.now() - this.running.sinceMs >= this.patienceMs;
  }

  /** The answer of a call that begins from now on. Throws at once while an earlier one is late. */
  async answer(): Promise<T> {
    if (this.isLate) throw this.late();
    return within(this.begun(), this.patienceMs, this.late);
  }

  /** Who comes while one is under way shares the one after it. */
  private begun(): Promise<T> {
    const { running } = this;
    if (!running) return this.begin();
    this.next ??= running.over.then(() => {
      this.next = null;
      return this.begun();
    });
    return this.next;
  }

  private begin(): Promise<T> {
    const answer = this.work();
    const ended = (): void => {
      this.running = null;
    };
    this.running = { over: answer.then(ended, ended), sinceMs: performance.now() };
    return answer;
  }
}
