/**
 * A machine whose guest is a real shell of this computer on a terminal of its own: it reads
 * commands as a guest's does. Needs `script` of util-linux.
 */
import { StdioMachine } from '../peers/stdio-machine.ts';

export class ShellMachine extends StdioMachine {
  readonly name = 'shell';

  constructor() {
    super('script', ['-qfc', 'sh', '/dev/null'], { ...process.env, PS1: 'guest# ' });
  }
}
