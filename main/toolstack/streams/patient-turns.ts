/**
 * Calls into a place that may never answer, such as the folder of a server that is away. Each that hangs
 * holds one of the threads that the process has for files: so they take turns, and while one is late
 * nobody else waits for his.
 */

interface Turn {
  readonly patienceMs: number;
  begin(): Promise<void>;
  /** The place does not answer: it is waited for no more. It is not begun, either, unless it has to be. */
  giveUp(): void;
}

export class PatientTurns {
  private readonly patienceMs: number;
  private readonly late: () => Error;
  private readonly waiting: Turn[] = [];
  private running: Turn | null = null;
  private hangs = false;

  /** @param late what it is to be taken for when a call has not ended after `patienceMs` */
  constructor(patienceMs: number, late: () => Error) {
    this.patienceMs = patienceMs;
    this.late = late;
  }

  /** A call was made, and has not ended in time. */
  get isLate(): boolean {
    return this.hangs;
  }

  /** Nothing is under way. */
  get isIdle(): boolean {
    return this.running === null;
  }

  /**
   * The answer of a call, when its turn comes. Throws at once while one is late, and when this one or one
   * before it becomes so. Must not take a turn itself.
   *
   * @param undo takes back what comes of it when nobody waits any more
   * @param patienceMs of a call that may take longer than most
   */
  async take<T>(
    call: () => Promise<T>,
    undo: (result: T) => Promise<void> | void = () => undefined,
    patienceMs = this.patienceMs,
  ): Promise<T> {
    if (this.hangs) throw this.late();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let isGivenUp = false;
    this.add({
      patienceMs,
      async begin() {
        if (isGivenUp) return;
        try {
          const result = await call();
          if (isGivenUp) await undo(result);
          else resolve(result);
        } catch (error) {
          reject(error as Error);
        }
      },
      giveUp: () => {
        isGivenUp = true;
        reject(this.late());
      },
    });
    return promise;
  }

  /**
   * What has to be done, whenever its turn comes. Settles when it is, or when the place does not answer.
   * Never fails; `call` must not, either.
   */
  async leave(call: () => Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { patienceMs } = this;
    this.add({ patienceMs, begin: () => call().then(resolve, resolve), giveUp: resolve });
    if (this.hangs) return;
    await promise;
  }

  private add(turn: Turn): void {
    this.waiting.push(turn);
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    for (let turn = this.waiting.shift(); turn; turn = this.waiting.shift()) {
      this.running = turn;
      const timer = setTimeout(() => setImmediate(() => this.giveUp(turn)), turn.patienceMs);
      await turn.begin();
      clearTimeout(timer);
      this.running = null;
      this.hangs = false;
    }
  }

  /** After what has ended meanwhile was heard of: it may be this thread that stood still. */
  private giveUp(turn: Turn): void {
    if (this.running !== turn) return;
    this.hangs = true;
    for (const one of [turn, ...this.waiting]) one.giveUp();
  }
}
