import { describe, expect, it } from 'vitest';
import { PollWindow } from './poll-window.ts';

/** How many of `waits` waits were looked at, of which none brought anything. */
function looksInVain(window: PollWindow, waits: number): number {
  let looked = 0;
  for (let wait = 0; wait < waits; wait++) {
    let isFirst = true;
    window.look(() => {
      if (isFirst) looked++;
      isFirst = false;
      return false;
    });
  }
  return looked;
}

describe('a look before sleeping', () => {
  it('ends with what comes', () => {
    let left = 100;
    expect(new PollWindow(1000).look(() => --left === 0)).toBe(true);
  });

  it('ends after its window', () => {
    expect(new PollWindow(0.01).look(() => false)).toBe(false);
  });

  it('gets rare where nothing comes, and frequent again where something does', () => {
    const window = new PollWindow(0);
    expect(looksInVain(window, 2000)).toBeLessThan(16);
    let found = 0;
    for (let wait = 0; wait < 1000; wait++) if (window.look(() => true)) found++;
    expect(found).toBeGreaterThan(740);
  });
});
