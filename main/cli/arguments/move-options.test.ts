import { describe, expect, test } from 'vitest';
import { MOVE_OPTIONS, moveOptions } from './move-options.ts';
import { parseCommand } from './parse.ts';

function parsed(...argv: string[]): ReturnType<typeof moveOptions> {
  const { options } = parseCommand('migrate', { words: [], options: MOVE_OPTIONS }, argv);
  return moveOptions('migrate', options);
}

describe('how a domain may be moved', () => {
  test('says nothing where nothing is said', () => {
    expect(parsed()).toEqual({
      autoConverge: false,
      allowLongerStop: false,
      keepDisks: false,
    });
  });

  test('takes rates, the longest stop, and what is allowed beyond', () => {
    const words = ['--min-rate=1000000', '--max-rate=2000000', '--auto-converge'];
    expect(parsed(...words, '--max-downtime', '300', '--allow-longer-stop')).toEqual({
      minRateBytesPerSecond: 1_000_000,
      maxRateBytesPerSecond: 2_000_000,
      autoConverge: true,
      maxDowntimeMs: 300,
      allowLongerStop: true,
      keepDisks: false,
    });
  });

  test.each([
    [['--min-rate', '2', '--max-rate', '1'], /--min-rate is above --max-rate/],
    [['--allow-longer-stop'], /beyond --max-downtime/],
    [['--max-downtime', '-1'], /begins with "-"|no option/],
  ])('refuses %j', (argv, message) => {
    expect(() => parsed(...argv)).toThrow(message);
  });
});
