import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MINIMUM_SIZE, parseWindowState, placeWindow } from './bounds.ts';
import type { Rectangle } from './bounds.ts';

const screen: Rectangle = { x: 0, y: 0, width: 1920, height: 1080 };
const second: Rectangle = { x: 1920, y: 0, width: 2560, height: 1440 };
const saved = (bounds: Rectangle) => ({ bounds, maximized: false });

describe('a window opens', () => {
  it('in the middle of the first screen at first', () => {
    expect(placeWindow(null, [screen])).toEqual({ x: 320, y: 130, width: 1280, height: 820 });
  });

  it('where it was', () => {
    const bounds = { x: 2000, y: 100, width: 1000, height: 700 };
    expect(placeWindow(saved(bounds), [screen, second])).toEqual(bounds);
  });

  it('on the first screen again when its own was unplugged', () => {
    const bounds = { x: 2000, y: 100, width: 1000, height: 700 };
    expect(placeWindow(saved(bounds), [screen])).toEqual({
      x: 460,
      y: 190,
      width: 1000,
      height: 700,
    });
  });

  it('no larger than the screen', () => {
    const bounds = { x: 0, y: 0, width: 5000, height: 5000 };
    expect(placeWindow(saved(bounds), [screen])).toEqual({ x: 0, y: 0, width: 1920, height: 1080 });
  });

  it('with a title bar that can be grabbed, whatever was saved', () => {
    const length = fc.integer({ min: -10_000, max: 10_000 });
    const bounds = fc.record({ x: length, y: length, width: length, height: length });
    fc.assert(
      fc.property(bounds, (anything) => {
        const placed = placeWindow(saved(anything), [screen, second]);
        expect(placed.width).toBeGreaterThanOrEqual(MINIMUM_SIZE.width);
        expect(placed.height).toBeGreaterThanOrEqual(MINIMUM_SIZE.height);
        const visible = [screen, second].some(
          (area) =>
            placed.y >= area.y &&
            placed.y + 32 <= area.y + area.height &&
            placed.x + placed.width >= area.x + 120 &&
            placed.x + 120 <= area.x + area.width,
        );
        expect(visible).toBe(true);
      }),
    );
  });
});

describe('a saved state', () => {
  it('is read back', () => {
    const state = { bounds: { x: 1, y: 2, width: 900, height: 600 }, maximized: true };
    expect(parseWindowState(JSON.stringify(state))).toEqual(state);
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '{"bounds":null}',
    '{"bounds":{"x":1,"y":2,"width":"9","height":4}}',
    '{"bounds":{"x":1e99,"y":2,"width":9,"height":4}}',
  ])('is none: %s', (text) => expect(parseWindowState(text)).toBeNull());
});
