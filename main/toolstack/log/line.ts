/**
 * One line of a log file, readable by people first:
 *
 *     2026-03-01T12:00:00.000Z warning host/alpha  frames were given back late
 *
 * Control characters are escaped (guests and their names must not forge lines or drive a terminal).
 */
import type { LogLine } from '../../../shared/contract/index.ts';

export type LogLevel = LogLine['level'];

const RANK: Record<LogLevel, number> = { debug: 0, info: 1, warning: 2, error: 3 };
/** A message is cut here, UTF-16 units. */
const LONGEST_MESSAGE = 8192;

/** Whether a line of `level` is shown to somebody who asked for `least` and worse. */
export function atLeast(level: LogLevel, least: LogLevel): boolean {
  return RANK[level] >= RANK[least];
}

export function formatLine(line: LogLine): string {
  const time = new Date(line.timeMs).toISOString();
  const source = escape(line.source).replaceAll(' ', '_') || '-';
  const message = escape(line.message.slice(0, LONGEST_MESSAGE));
  return `${time} ${line.level} ${source}  ${message}\n`;
}

const SHAPE = /^(\S+) (debug|info|warning|error) (\S+) {2}(.*)$/;

/** Null for a line that is none: cut by a kill, or edited. */
export function parseLine(text: string): LogLine | null {
  const [, time, level, source, message] = SHAPE.exec(text) ?? [];
  const timeMs = Date.parse(time ?? '');
  if (Number.isNaN(timeMs) || source === undefined || message === undefined) return null;
  return { timeMs, level: level as LogLevel, source, message: unescape(message) };
}

function escape(text: string): string {
  return text.replace(/[\\\x00-\x1f\x7f-\x9f\u2028\u2029]/g, (char) => {
    if (char === '\\') return '\\\\';
    if (char === '\n') return '\\n';
    if (char === '\t') return '\\t';
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function unescape(text: string): string {
  return text.replace(/\\(\\|n|t|u[0-9a-f]{4})/g, (_, what: string) => {
    if (what === '\\') return '\\';
    if (what === 'n') return '\n';
    if (what === 't') return '\t';
    return String.fromCharCode(Number.parseInt(what.slice(1), 16));
  });
}
