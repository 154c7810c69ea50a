import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A volume whose statement is a pipe: whoever opens it to read stands until somebody writes, as in a
 * folder of a server that is away. `using` lets go of all of them.
 */
export class HangingFolder {
  private readonly pipe: string;

  /** @param folder of a pool, with `volume` in it */
  constructor(folder: string, volume: string) {
    this.pipe = join(folder, '.domus', `${volume}.json`);
    rmSync(this.pipe, { force: true });
    execFileSync('mkfifo', [this.pipe]);
  }

  [Symbol.dispose](): void {
    // Both ends at once, which waits for nobody; then there is nothing more to stand at.
    const { O_RDWR, O_NONBLOCK } = constants;
    const fd = openSync(this.pipe, O_RDWR | O_NONBLOCK);
    rmSync(this.pipe);
    closeSync(fd);
  }
}
