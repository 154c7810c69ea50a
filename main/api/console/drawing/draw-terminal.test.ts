import headless from '@xterm/headless';
import type { Terminal } from '@xterm/headless';
import unicode from '@xterm/addon-unicode11';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundTerminal } from '../../../../shared/bounded-terminal.ts';
import { seenScreen } from '../../testing/seen-screen.ts';
import { sensibleOutput, terminalOutput } from '../../testing/terminal-output.ts';
import { drawTerminal } from './draw-terminal.ts';

const size = fc.record({
  columns: fc.oneof(fc.constantFrom(2, 3, 80), fc.integer({ min: 2, max: 40 })),
  rows: fc.oneof(fc.constantFrom(1, 2, 24), fc.integer({ min: 1, max: 12 })),
});
const NOTHING = new Uint8Array(0);
/** Ends whatever sequence or character is not complete: a console is drawn between them only. */
const CANCEL = Uint8Array.of(0x18);

function emptyTerminal(columns: number, rows: number): Terminal {
  const terminal = new headless.Terminal({
    cols: columns,
    rows,
    scrollback: 5000,
    allowProposedApi: true,
    logLevel: 'off',
  });
  boundTerminal(terminal);
  terminal.loadAddon(new unicode.Unicode11Addon() as never);
  terminal.unicode.activeVersion = '11';
  return terminal;
}

function write(terminal: Terminal, ...pieces: (string | Uint8Array)[]): Promise<void> {
  const bytes = pieces.map((piece) => Buffer.from(piece));
  return new Promise((resolve) => terminal.write(Buffer.concat(bytes), resolve));
}

async function terminalWith(columns: number, rows: number, ...output: string[]): Promise<Terminal> {
  const terminal = emptyTerminal(columns, rows);
  await write(terminal, ...output);
  return terminal;
}

async function drawnAnew(original: Terminal): Promise<Terminal> {
  const copy = emptyTerminal(original.cols, original.rows);
  await write(copy, drawTerminal(original));
  return copy;
}

async function expectSameLater(original: Terminal, copy: Terminal, later: Uint8Array[]) {
  await write(original, ...later);
  await write(copy, ...later);
  expect(seenScreen(copy)).toBe(seenScreen(original));
}

/** The copy. */
async function expectDrawn(
  original: Terminal,
  later = 'e\u0301 and more\r\nlater',
): Promise<Terminal> {
  const copy = await drawnAnew(original);
  expect(seenScreen(copy)).toBe(seenScreen(original));
  await expectSameLater(original, copy, [Buffer.from(later)]);
  return copy;
}

describe('drawing of a terminal', () => {
  it.each([
    ['sensible output', sensibleOutput, NOTHING, 300],
    ['any bytes', terminalOutput, CANCEL, 100],
  ])('looks and goes on as the original after %s', async (_name, output, end, numRuns) => {
    await fc.assert(
      fc.asyncProperty(
        size,
        fc.array(output, { maxLength: 40, size: 'max' }),
        fc.array(output, { maxLength: 12, size: 'max' }),
        async ({ columns, rows }, before, later) => {
          const original = emptyTerminal(columns, rows);
          await write(original, ...before, end);
          const copy = await drawnAnew(original);
          expect(seenScreen(copy)).toBe(seenScreen(original));
          const { active } = original.buffer;
          if (copy.buffer.active.cursorX === active.cursorX) {
            await expectSameLater(original, copy, later);
          } else {
            // Behind the last column comes only who writes into it. What was written there on the
            // other screen may be gone since: then the cursor is drawn on the column.
            expect(active.type).toBe('alternate');
          }
          original.dispose();
          copy.dispose();
        },
      ),
      { numRuns },
    );
  });

  it('draws the coloured rows of a dialog below its last word', async () => {
    const terminal = await terminalWith(20, 5, '\x1b[48;5;18m\x1b[2J\x1b[2;5Hreally?');
    await write(terminal, '\x1b[48;2;1;2;3m\x1b[4;1H\x1b[9X\x1b[m');
    await expectDrawn(terminal);
    expect(seenScreen(terminal)).toContain('4,19: on palette 18');
  });

  it('lets the cursor wait behind the last column', async () => {
    const copy = await expectDrawn(await terminalWith(5, 2, '12345\x1b[31m'), '6');
    expect(lines(copy)).toEqual(['12345', '6']);
    const wide = await expectDrawn(await terminalWith(5, 2, '123漢\x1b[31m'), '6');
    expect(lines(wide)).toEqual(['123漢', '6']);
    const erased = await expectDrawn(await terminalWith(5, 2, '12345\x1b[1K'), '6');
    expect(lines(erased)).toEqual(['', '6']);
  });

  it('lets a mark join the character before the cursor, and none that was moved from', async () => {
    const joined = await expectDrawn(await terminalWith(8, 2, 'caf\x1b[4he'), '\u0301');
    expect(lines(joined)[0]).toBe('cafe\u0301');
    await expectDrawn(await terminalWith(8, 2, 'cafe\x1b[m'), '\u0301');
  });

  it('draws a mark that has no letter', async () => {
    const copy = await expectDrawn(await terminalWith(8, 2, 'a\x1b[m\u0301b\r\n\u0302\u0301c'));
    expect(copy.buffer.active.getLine(0)?.getCell(1)?.getChars()).toBe('\u0301');
  });

  it('draws what is left of a wide character', async () => {
    const over = '\x1b[7m漢\x1b[2Ga\x1b[m';
    await expectDrawn(await terminalWith(6, 2, `${over}\x1b[4G字\x1b[5G\x1b[2@`));
    await expectDrawn(await terminalWith(6, 2, '\x1b[?7l12345漢a\x1b[2G\x1b[P\x1b[?7h'));
  });

  it('keeps wrapped lines wrapped, on the screen and in the scroll-back', async () => {
    const long = 'x'.repeat(25);
    const terminal = await terminalWith(10, 3, `${long}\r\n${'漢'.repeat(12)}y\r\n${long}\r\nend`);
    const copy = await expectDrawn(terminal);
    terminal.resize(40, 3);
    copy.resize(40, 3);
    expect(lines(copy).slice(0, 3)).toEqual([long, `${'漢'.repeat(12)}y`, long]);
    expect(seenScreen(copy)).toBe(seenScreen(terminal));
  });

  it('keeps a line wrapped whose end or continuation was erased', async () => {
    for (const rows of [1, 3]) {
      await expectDrawn(await terminalWith(5, rows, '1234567\b\b\x1b[X'));
      await expectDrawn(await terminalWith(5, rows, '1234567\x1b[44m\x1b[A\x1b[5G\x1b[X'));
      await expectDrawn(await terminalWith(5, rows, '\x1b[44m12345漢漢'));
    }
  });

  it('draws both screens, and the way back from the other one', async () => {
    const terminal = await terminalWith(12, 4, 'one\r\ntwo\x1b[45m\x1b[?1049h');
    await write(terminal, '\x1b[2;2Hmenu\x1b[3;4r\x1b[?6h');
    const copy = await expectDrawn(terminal, '\x1b[mX\x1b[?1049l+');
    expect(lines(copy).slice(0, 2)).toEqual(['one', 'two+']);
  });

  it('draws every attribute of a cell', async () => {
    const attributes = ['1', '2', '3', '4', '5', '7', '8', '9', '21', '53', '4:3', '4:4', '4:5'];
    const colours = ['31', '92', '42', '103', '38;5;3', '48;5;200', '38;2;1;2;3', '48;2;3;2;1'];
    const underlined = ['4;58;5;9', '4:3;58;2;7;8;9'];
    const all = [...attributes, ...colours, ...underlined, '1;3;31;44', '38;2;1;2;3;7;48;5;8'];
    await expectDrawn(
      await terminalWith(80, 3, ...all.map((parameters) => `\x1b[${parameters}m<>\x1b[m `)),
    );
    await expectDrawn(await terminalWith(80, 3, '\x1b[58;5;9m'), '\x1b[4mcoloured later');
    await expectDrawn(await terminalWith(80, 3, '\x1b[1"qkept\x1b[0"q gone'), '\x1b[?2J');
  });

  it('draws links, of which a guest can make no endless drawing', async () => {
    const link =
      '\x1b]8;;http://a.example/\x1b\\here\x1b]8;;\x1b\\ or \x1b]8;id=x;http://b.example\x1b\\';
    const copy = await expectDrawn(await terminalWith(40, 3, link), 'there\x1b]8;;\x1b\\!');
    expect(seenScreen(copy)).toContain('0,8: link to http://b.example');
    const long = `\x1b]8;;http://${'a'.repeat(2000)}\x1b\\`;
    const spoilt = `${' '.repeat(79)}${'\b\b\x1b]8;;\x1b\\x\b'.repeat(39)}\r\n`;
    const hostile = await terminalWith(80, 24, `${long}${spoilt}`.repeat(100));
    expect(drawTerminal(hostile).length).toBeLessThan(2 * 1024 * 1024);
  });

  it('sets modes, tab stops, character sets and the saved cursor', async () => {
    const modes = '\x1b[?1h\x1b=\x1b[?2004h\x1b[?1004h\x1b[?1003h\x1b[?1006h\x1b[?45h\x1b[4 q';
    const copy = await expectDrawn(await terminalWith(20, 4, `${modes}\x1b[?25l\x1b[4h\x1b[?7l`));
    expect(copy.modes.mouseTrackingMode).toBe('any');
    await expectDrawn(await terminalWith(20, 4, 'a\x1b[3g\x1b[6G\x1bH\x1b[m\r'), 'b\tc\td');
    await expectDrawn(await terminalWith(20, 4, '\x1b(0\x1b)K\x1b*R\x0e'), '{|}\x0f{|}\x1bn{|}');
    await expectDrawn(await terminalWith(20, 4, '\x1b(0\x1b[3;3H\x1b[7m\x1b7\x1b(B'), 'q\x1b8q');
    await expectDrawn(await terminalWith(20, 4, '\x1b(0\x1b7\x1b(B\x1b8'), 'q\x0fq');
    await expectDrawn(
      await terminalWith(20, 4, '\x1b[?47h\x1b[2;2H\x1b7\x1b[?47l'),
      '\x1b[?47h\x1b8x',
    );
  });

  it.each([...'0A45RQKYE6ZH7='])('knows the character set %s', async (letter) => {
    await expectDrawn(await terminalWith(20, 2, `\x1b(${letter}`), '#@[\\]^_`{|}~ax');
    const mapped = await expectDrawn(await terminalWith(20, 2, `\x1b(${letter}#|}`), '\u0301');
    expect(lines(mapped)[0]).toMatch(/\u0301$/);
  });

  it('goes on in a scroll-back that was erased', async () => {
    await expectDrawn(await terminalWith(10, 2, `${'line\r\n'.repeat(9)}\x1b[3J`));
  });

  it('says of plain lines nothing but their text', async () => {
    const text = 'login: root\r\n# uname\r\nLinux\r\n# ';
    const drawing = drawTerminal(await terminalWith(80, 24, text));
    expect(drawing).toContain(text);
    expect(drawing.length).toBeLessThan(text.length + 30);
  });
});

function lines({ buffer: { active }, rows }: Terminal): string[] {
  const shown = Array.from({ length: active.baseY + rows }, (_, row) => active.getLine(row));
  return shown.map((line) => line?.translateToString(true) ?? '');
}
