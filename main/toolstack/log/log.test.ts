import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { formatLine, parseLine } from './line.ts';
import type { LogLevel } from './line.ts';
import { LogBook } from './log-book.ts';
import { LogFile } from './log-file.ts';

const UUID = '00000000-0000-4000-8000-000000000001';

async function messages(lines: AsyncIterable<{ message: string }>): Promise<string[]> {
  const all: string[] = [];
  for await (const { message } of lines) all.push(message);
  return all;
}

describe('a line of the log', () => {
  test('is one line whatever the message holds, and reads back as it was', () => {
    const level = fc.constantFrom<LogLevel>('debug', 'info', 'warning', 'error');
    fc.assert(
      fc.property(level, fc.string({ unit: 'binary' }), (level, message) => {
        const line = { timeMs: 1_700_000_000_123, level, source: 'host/alpha', message };
        const text = formatLine(line);
        expect(text.indexOf('\n')).toBe(text.length - 1);
        expect(parseLine(text.slice(0, -1))).toEqual(line);
      }),
    );
  });

  test('cannot be forged by a message, nor drive a terminal', () => {
    const text = formatLine({
      timeMs: 0,
      level: 'info',
      source: 'guest',
      message: 'x\n1970-01-01T00:00:00.000Z error site  forged \u001b[2J',
    });
    expect(text.split('\n')).toHaveLength(2);
    expect(text).not.toContain('\u001b');
  });

  test('that was cut by a kill is no line', () => {
    expect(parseLine('2026-01-01T00:00:0')).toBeNull();
  });
});

describe('a log file', () => {
  test('is bounded, with one older file', () => {
    const folder = temporaryFolder();
    const file = new LogFile(join(folder, 'x.log'), 1000);
    for (let number = 0; number < 200; number++) {
      file.write({ timeMs: number, level: 'info', source: 's', message: `line ${number}` });
    }
    file.close();
    const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
    expect(sizes).toHaveLength(2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
    expect(file.read().at(-1)?.message).toBe('line 199');
  });

  test('that cannot be written costs its caller nothing, and says so later', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'missing', 'x.log');
    const file = new LogFile(path, 1000);
    file.write({ timeMs: 1, level: 'info', source: 's', message: 'lost' });
    mkdirSync(join(folder, 'missing'));
    file.write({ timeMs: 2, level: 'info', source: 's', message: 'kept' });
    expect(file.read().map(({ message }) => message)).toEqual([
      '1 lines before this one could not be written',
      'kept',
    ]);
    file.close();
  });
});

describe('the log book', () => {
  test("a domain's warnings are in its own log and in the daemon's", async () => {
    const book = new LogBook(temporaryFolder(), 'debug');
    book.write('info', 'a', 'for the domain only', UUID);
    book.write('warning', 'a', 'for both', UUID);
    expect(await messages(book.read(UUID, {}))).toEqual(['for the domain only', 'for both']);
    expect(await messages(book.read(null, {}))).toEqual(['for both']);
    book.close();
  });

  test('shows info and worse unless debug is asked for, and no more than the limit', async () => {
    const book = new LogBook(temporaryFolder(), 'debug');
    book.write('debug', 'a', 'one');
    book.write('info', 'a', 'two');
    book.write('error', 'a', 'three');
    expect(await messages(book.read(null, {}))).toEqual(['two', 'three']);
    expect(await messages(book.read(null, { level: 'debug', limit: 2 }))).toEqual(['two', 'three']);
    expect(await messages(book.read(null, { level: 'debug' }))).toHaveLength(3);
    book.close();
  });

  test('what is followed goes on until the reader leaves', async () => {
    const book = new LogBook(temporaryFolder(), 'info');
    book.write('info', 'a', 'before');
    const leave = new AbortController();
    const reading = messages(book.read(null, { follow: true }, leave.signal));
    book.write('info', 'a', 'after');
    book.write('debug', 'a', 'not written at this level');
    leave.abort();
    expect(await reading).toEqual(['before', 'after']);
    book.close();
  });

  test('damaged lines of an earlier run do not hide the others', async () => {
    const folder = temporaryFolder();
    appendFileSync(join(folder, 'domus.log'), '\u0000\u0000garbage\n');
    const book = new LogBook(folder, 'info');
    book.write('info', 'a', 'fine');
    expect(await messages(book.read(null, {}))).toEqual(['fine']);
    expect(readFileSync(join(folder, 'domus.log'), 'latin1')).toContain('garbage');
    book.close();
  });
});
