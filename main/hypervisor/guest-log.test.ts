import { describe, expect, it } from 'vitest';
import { GuestLog, LineCollector } from './guest-log.ts';

describe('what a guest says', () => {
  const lines = (text: string): string[] => {
    const out: string[] = [];
    const collector = new LineCollector((line) => out.push(line));
    for (const byte of Buffer.from(text)) collector.put(byte);
    return out;
  };

  it('becomes lines of printable characters', () => {
    expect(lines('one\ntwo\r\n\x1b[2Jthree\n\nrest')).toEqual(['one', 'two', '[2Jthree', '']);
  });

  it('is broken where it has no ends, and nothing is lost', () => {
    const out = lines(`${'x'.repeat(600)}\n`);
    expect(out.join('')).toBe('x'.repeat(600));
    expect(out.every((line) => line.length <= 256)).toBe(true);
  });

  it('is bounded in time, and what was left out is counted', () => {
    let nowMs = 1e7;
    const out: string[] = [];
    const log = new GuestLog(
      (level, message) => out.push(`${level} ${message}`),
      () => nowMs,
    );
    for (let line = 0; line < 10_000; line++) log.say('debug', String(line));
    expect(out).toHaveLength(500);
    nowMs += 1000;
    for (let line = 0; line < 100; line++) log.say('debug', 'later');
    expect(out.slice(500, 502)).toEqual([
      'warning 9500 messages of the guest left out',
      'debug later',
    ]);
    expect(out).toHaveLength(500 + 1 + 20);
  });
});
