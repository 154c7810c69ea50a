/**
 * A log file of bounded size: at the bound it becomes `<name>.1`, in place of the one before.
 * Logging never fails a caller: what cannot be written is counted and said once there is room.
 */
import {
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import type { LogLine } from '../../../shared/contract/index.ts';
import { formatLine, parseLine } from './line.ts';

export class LogFile {
  private readonly path: string;
  private readonly maxBytes: number;
  private fd: number | null = null;
  private size = 0;
  private lost = 0;

  constructor(path: string, maxBytes: number) {
    this.path = path;
    this.maxBytes = maxBytes;
  }

  write(line: LogLine): void {
    try {
      if (this.lost > 0) this.append(lostLine(line, this.lost));
      this.lost = 0;
      this.append(line);
    } catch {
      this.lost++;
      this.close();
    }
  }

  /** Oldest first, the older file included; lines that are damaged are left out. */
  read(): LogLine[] {
    return [`${this.path}.1`, this.path].flatMap((path) => {
      try {
        const lines = readFileSync(path, 'utf8').split('\n');
        return lines.map(parseLine).filter((line) => line !== null);
      } catch {
        return []; // not there yet
      }
    });
  }

  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }

  remove(): void {
    this.close();
    rmSync(this.path, { force: true });
    rmSync(`${this.path}.1`, { force: true });
  }

  private append(line: LogLine): void {
    const bytes = Buffer.from(formatLine(line));
    this.fd ??= this.open();
    if (this.size > 0 && this.size + bytes.length > this.maxBytes) this.rotate();
    this.size += writeSync(this.fd, bytes);
  }

  private open(): number {
    const fd = openSync(this.path, 'a', 0o600);
    this.size = statSync(this.path).size;
    return fd;
  }

  private rotate(): void {
    this.close();
    renameSync(this.path, `${this.path}.1`);
    this.fd = this.open();
  }
}

function lostLine(next: LogLine, count: number): LogLine {
  return {
    timeMs: next.timeMs,
    level: 'warning',
    source: 'log',
    message: `${count} lines before this one could not be written`,
  };
}
