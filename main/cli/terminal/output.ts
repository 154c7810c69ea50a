/**
 * Where a command prints: results on stdout, everything about its work on stderr. Where stdout is for
 * bytes that somebody keeps, there is nothing else on it.
 */
import { DomusError } from '../../../shared/errors.ts';
import { printable } from './printable.ts';

type Stream = NodeJS.WritableStream & { isTTY?: boolean };

export class Output {
  readonly json: boolean;
  readonly stdout: Stream;
  readonly stderr: Stream;
  /** For results and, with `--json`, failures. */
  private told: Stream;

  constructor(json: boolean, stdout: Stream = process.stdout, stderr: Stream = process.stderr) {
    this.json = json;
    this.stdout = stdout;
    this.stderr = stderr;
    this.told = stdout;
  }

  /** From now on stdout is for {@link bytes} alone. */
  keepStdoutForBytes(): void {
    this.told = this.stderr;
  }

  /** `value` with `--json`, else the text of `lines`, control characters made visible. */
  result(value: unknown, lines: () => string | readonly string[]): Promise<void> {
    if (this.json) return this.text(`${JSON.stringify(value)}\n`);
    const text = [lines()].flat().map((line) => `${printable(line)}\n`);
    return this.text(text.join(''));
  }

  /** Raw, as a guest printed it. Settles when more may come. */
  bytes(bytes: Uint8Array, stream: Stream = this.stdout): Promise<void> {
    return written(stream, bytes);
  }

  text(text: string): Promise<void> {
    return written(this.told, text);
  }

  /** A line about the work. */
  note(line: string): void {
    this.stderr.write(`${printable(line)}\n`);
  }

  /** With `--json` where the result would be: `{ code, message, data }`. */
  failure(error: unknown): void {
    const data = DomusError.toData(error);
    if (this.json) this.told.write(`${JSON.stringify(data)}\n`);
    else this.stderr.write(`domus: ${printable(data.message)}\n`);
  }

  /** Settles when everything has left the process. */
  async flush(): Promise<void> {
    await Promise.all([flushed(this.stdout), flushed(this.stderr)]);
  }
}

function written(stream: Stream, chunk: Uint8Array | string): Promise<void> {
  if (stream.write(chunk)) return Promise.resolve();
  return new Promise((resolve) => stream.once('drain', resolve));
}

function flushed(stream: Stream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
