import { expect, it } from 'vitest';
import { Screen } from './screen.ts';

const utf8 = new TextEncoder();

it('goes on where xterm.js cannot lay lines out for another size', async () => {
  const screen = new Screen(() => undefined);
  const print = async (text: string): Promise<void> => {
    screen.write(utf8.encode(text));
    await screen.whenParsed(0);
  };
  screen.resize({ columns: 7, rows: 1 });
  await print('    漢 字   ');
  screen.resize({ columns: 30, rows: 7 });
  await print(' 漢');
  // The cursor's line is cut, and a wide character with it.
  screen.resize({ columns: 7, rows: 3 });
  await print('\x1b[3;1Hx');
  screen.resize({ columns: 8, rows: 3 });
  expect(screen.size).toEqual({ columns: 8, rows: 3 });
  await print('still here');
  expect(await screen.draw()).toContain('still here');
  screen.dispose();
});
