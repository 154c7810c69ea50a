/**
 * A console that echoes: a prompt, a line editor with backspace, and a few commands. One a domain,
 * shared by its viewers; a late viewer gets what was printed (the last {@link KEPT_BYTES}).
 */
import {
  CREDIT_BYTES,
  FrameType,
  frame,
  frameText,
  jsonFrame,
  parseFrame,
} from '../../shared/console-protocol.ts';
import type { Domain } from '../../shared/contract/index.ts';

const KEPT_BYTES = 64 * 1024;
const HELP = 'help  colours  link  seq N  flood  uname  clear';

export interface Viewer {
  send(frame: Uint8Array): void;
}

interface Watching {
  readonly viewer: Viewer;
  unacknowledged: number;
  waiting: Uint8Array[];
}

export class EchoConsole {
  readonly #name: string;
  readonly #viewers = new Map<Viewer, Watching>();
  #printed = '';
  #line = '';
  #columns = 80;
  #rows = 24;
  #state: Domain['state'];

  constructor(domain: Domain) {
    this.#name = domain.name;
    this.#state = domain.state;
    this.#print(
      `\x1b[2m[    0.412] Run /init as init process\r\n[    0.655] xen:balloon: Initialising balloon driver\x1b[0m\r\n\r\nWelcome to ${this.#name}. Type help.\r\n`,
    );
    this.#prompt();
  }

  setState(state: Domain['state']): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const viewer of this.#viewers.keys()) this.#sendState(viewer);
  }

  receive(viewer: Viewer, bytes: Uint8Array): void {
    const parsed = parseFrame(bytes);
    if (parsed === null) return;
    switch (parsed.type) {
      case FrameType.open:
        this.#viewers.set(viewer, { viewer, unacknowledged: 0, waiting: [] });
        this.#resize(frameText(parsed.payload));
        this.#sendState(viewer);
        viewer.send(frame(FrameType.reset, new TextEncoder().encode(this.#printed)));
        return;
      case FrameType.resize:
        return this.#resize(frameText(parsed.payload));
      case FrameType.credit:
        return this.#credit(viewer, parsed.payload);
      case FrameType.input:
        if (this.#state === 'running') this.#type(frameText(parsed.payload));
        return;
      default:
        return;
    }
  }

  leave(viewer: Viewer): void {
    this.#viewers.delete(viewer);
  }

  #resize(json: string): void {
    const size = JSON.parse(json) as { columns: number; rows: number };
    if (size.columns === this.#columns && size.rows === this.#rows) return;
    this.#columns = size.columns;
    this.#rows = size.rows;
    for (const viewer of this.#viewers.keys()) this.#sendState(viewer);
  }

  #sendState(viewer: Viewer): void {
    viewer.send(
      jsonFrame(FrameType.state, {
        state: this.#state,
        columns: this.#columns,
        rows: this.#rows,
      }),
    );
  }

  #credit(viewer: Viewer, payload: Uint8Array): void {
    const watching = this.#viewers.get(viewer);
    if (watching === undefined || payload.length < 4) return;
    const bytes = new DataView(payload.buffer, payload.byteOffset).getUint32(0, true);
    watching.unacknowledged = Math.max(0, watching.unacknowledged - bytes);
    while (watching.unacknowledged < CREDIT_BYTES) {
      const next = watching.waiting.shift();
      if (next === undefined) return;
      watching.unacknowledged += next.length;
      viewer.send(frame(FrameType.output, next));
    }
  }

  #print(text: string): void {
    this.#printed = (this.#printed + text).slice(-KEPT_BYTES);
    const bytes = new TextEncoder().encode(text);
    for (const watching of this.#viewers.values()) {
      if (watching.unacknowledged >= CREDIT_BYTES) watching.waiting.push(bytes);
      else {
        watching.unacknowledged += bytes.length;
        watching.viewer.send(frame(FrameType.output, bytes));
      }
    }
  }

  #prompt(): void {
    this.#print(`\x1b[32mroot@${this.#name}\x1b[0m:\x1b[34m~\x1b[0m# `);
  }

  #type(text: string): void {
    for (const character of stripBracketedPaste(text)) {
      if (character === '\r' || character === '\n') this.#enter();
      else if (character === '\x7f') this.#rubOut();
      else if (character === '\x03') this.#interrupt();
      else if (character >= ' ') {
        this.#line += character;
        this.#print(character);
      }
    }
  }

  #interrupt(): void {
    this.#line = '';
    this.#print('^C\r\n');
    this.#prompt();
  }

  #rubOut(): void {
    if (this.#line === '') return;
    this.#line = this.#line.slice(0, -1);
    this.#print('\b \b');
  }

  #enter(): void {
    const line = this.#line.trim();
    this.#line = '';
    this.#print('\r\n');
    this.#run(line);
    this.#prompt();
  }

  #run(line: string): void {
    const [word = '', argument = ''] = line.split(/\s+/);
    switch (word) {
      case '':
        return;
      case 'help':
        return this.#print(`${HELP}\r\n`);
      case 'uname':
        return this.#print(`Linux ${this.#name} synthetic i686\r\n`);
      case 'clear':
        return this.#print('\x1b[2J\x1b[H');
      case 'link':
        return this.#print('see https://xenbits.xen.org/docs/ for more\r\n');
      case 'colours':
        return this.#print(colours());
      case 'seq':
        return this.#print(sequence(Number(argument)));
      case 'flood':
        return this.#print(
          'the quick brown fox jumps over the lazy dog 0123456789\r\n'.repeat(40_000),
        );
      default:
        return this.#print(`${line}\r\n`);
    }
  }
}

/** Bracketed paste stands between ESC [ 200 ~ and ESC [ 201 ~. */
function stripBracketedPaste(text: string): string {
  return text.replaceAll('\x1b[200~', '').replaceAll('\x1b[201~', '');
}

function colours(): string {
  const bar = (base: number) =>
    Array.from({ length: 8 }, (_, index) => `\x1b[${base + index}m ${base + index} \x1b[0m`).join(
      '',
    );
  return `${bar(40)}\r\n${bar(100)}\r\n`;
}

function sequence(last: number): string {
  const count = Math.min(100_000, Number.isInteger(last) && last > 0 ? last : 10);
  return `${Array.from({ length: count }, (_, index) => index + 1).join('\r\n')}\r\n`;
}
