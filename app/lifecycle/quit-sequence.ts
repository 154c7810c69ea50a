/**
 * From "the window closes" or "quit" to the end of the program. Running domains do not end
 * unasked: with the window they may stay, and quitting powers them off.
 */
export type QuitAnswer = 'quit' | 'keep-running' | 'cancel';

export interface QuitActions {
  runningDomains(): Promise<number>;
  /** Asks the person. `from` is what they did. */
  ask(running: number, from: 'close' | 'quit'): Promise<QuitAnswer>;
  /** The window goes, if there is one; the program stays. */
  closeWindow(): void;
  /** Stops the site: everything is written down when it settles. False when a thread does not end. */
  stop(): Promise<boolean>;
  /** Ends the program; called once, also when `stop` failed. */
  exit(code: number): void;
  /** Ends it although a thread does not: an exit would wait for that one. Called instead of `exit`. */
  endByForce(): void;
}

export class QuitSequence {
  private readonly actions: QuitActions;
  private phase: 'open' | 'asking' | 'stopping' = 'open';

  constructor(actions: QuitActions) {
    this.actions = actions;
  }

  /** The person closes the window. */
  async windowClosing(): Promise<void> {
    await this.askThenAct('close');
  }

  /** The person quits. */
  async quitting(): Promise<void> {
    await this.askThenAct('quit');
  }

  /** The system ends, a signal asks, or the site failed: there is nothing to ask. */
  async quitNow(code = 0): Promise<void> {
    if (this.phase === 'stopping') return;
    this.phase = 'stopping';
    this.actions.closeWindow();
    try {
      if (await this.actions.stop()) this.actions.exit(code);
      else this.actions.endByForce();
    } catch {
      this.actions.exit(1); // The next start finds in the store what was running.
    }
  }

  private async askThenAct(from: 'close' | 'quit'): Promise<void> {
    if (this.phase !== 'open') return;
    this.phase = 'asking';
    const answer = await this.answer(from);
    if (this.hasEnded()) return;
    this.phase = 'open';
    if (answer === 'quit') await this.quitNow();
    else if (answer === 'keep-running') this.actions.closeWindow();
  }

  /** A site that cannot tell what runs has nothing to keep. */
  private async answer(from: 'close' | 'quit'): Promise<QuitAnswer> {
    const running = await this.actions.runningDomains().catch(() => 0);
    return running === 0 || this.hasEnded() ? 'quit' : this.actions.ask(running, from);
  }

  /** A signal may have come while the question was open. */
  private hasEnded(): boolean {
    return this.phase === 'stopping';
  }
}
