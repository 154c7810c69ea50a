/** A person at a console, for tests: types, and waits for what the screen or the stream shows. */
import headless from '@xterm/headless';
import type { DomusError } from '../../../shared/errors.ts';
import type { ConsoleConnection, DomusClient } from '../client/index.ts';

const TIMEOUT_MS = 120_000;

export class WatchedConsole {
  /** Everything printed since it was opened. */
  text = '';
  resets = 0;
  /** Null: closed by this side. */
  readonly ended: Promise<DomusError | null>;
  private readonly end = Promise.withResolvers<DomusError | null>();
  private connection!: ConsoleConnection;
  private readonly changed = new Set<() => void>();
  private readonly terminal = new headless.Terminal({
    cols: 100,
    rows: 30,
    scrollback: 5000,
    allowProposedApi: true,
    logLevel: 'off',
  });

  private constructor() {
    this.ended = this.end.promise;
  }

  static async open(client: DomusClient, domain: string): Promise<WatchedConsole> {
    const watched = new WatchedConsole();
    const decoder = new TextDecoder();
    watched.connection = await client.openConsole(
      domain,
      { columns: 100, rows: 30 },
      {
        output: (bytes) => {
          watched.text += decoder.decode(bytes, { stream: true });
          return watched.write(bytes);
        },
        reset: (drawing) => {
          watched.resets++;
          return watched.write(`\x1bc${drawing}`);
        },
        state: () => undefined,
        closed: (error) => watched.end.resolve(error),
      },
    );
    await watched.until(() => watched.resets > 0, 'its first drawing');
    return watched;
  }

  type(text: string): void {
    this.connection.input(new TextEncoder().encode(text));
  }

  /** Screen and scroll-back contain `text`; lines are joined by line feeds. */
  shows(text: string): Promise<void> {
    return this.until(() => this.lines().includes(text), `"${text}" on the screen`);
  }

  prints(pattern: RegExp): Promise<void> {
    return this.until(() => pattern.test(this.text), `${pattern.source} in its output`);
  }

  /** The last N of `at N` in the output. */
  counted(): number {
    return Number([...this.text.matchAll(/at (\d+)\r/g)].at(-1)?.[1] ?? 0);
  }

  close(): void {
    this.connection.close();
    this.terminal.dispose();
  }

  private write(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.terminal.write(data, () => {
        for (const look of this.changed) look();
        resolve();
      });
    });
  }

  private lines(): string {
    const { normal } = this.terminal.buffer;
    const lines = Array.from({ length: normal.length }, (_, row) =>
      normal.getLine(row)?.translateToString(true),
    );
    return lines.join('\n');
  }

  private until(holds: () => boolean, what: string): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.changed.delete(look);
        reject(new Error(`the console did not get ${what}; it shows:\n${this.lines().trim()}`));
      }, TIMEOUT_MS);
      const look = (): void => {
        if (!holds()) return;
        clearTimeout(timer);
        this.changed.delete(look);
        resolve();
      };
      this.changed.add(look);
    });
  }
}
