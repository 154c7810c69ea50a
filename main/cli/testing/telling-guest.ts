/** A program in a guest that prints a number for each thing that it was told to be stable. */
import { Lines, startDomus } from './run-domus.ts';

export class TellingGuest {
  /** The number that it printed last; 0: none yet. */
  last = 0;
  /** Settles when it has ended, or nobody hears it any more. */
  readonly ended: Promise<void>;

  /** @param script run by the guest's shell */
  constructor(home: string, domain: string, script: string) {
    const { stdout } = startDomus(['exec', domain, '--', script], home);
    this.ended = this.listen(new Lines(stdout));
  }

  private async listen(lines: Lines): Promise<void> {
    for (let line = await lines.next(); line !== null; line = await lines.next()) {
      this.last = Number(line);
    }
  }
}
