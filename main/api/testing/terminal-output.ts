/** What guests print, for property tests: text, control characters, sequences, questions, junk. */
import fc from 'fast-check';

const number = fc.integer({ min: 0, max: 30 });
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const printed = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.constantFrom('\r\n', '\n', '\t', '\b', '\r', 'x'.repeat(79), 'y'.repeat(200), '\x0e', '\x0f'),
);

/** Without the scroll-back xterm.js looks for a saved cursor in another line than before. */
const ERASE_SCROLL_BACK = '\x1b[3J';

/** Erases, moves, scrolls. */
const control = fc.oneof(
  fc
    .tuple(number, fc.constantFrom(...'ABCDEFGIJKLMPSTXZ@`abde'))
    .map(([n, final]) => `\x1b[${n}${final}`)
    .filter((sequence) => sequence !== ERASE_SCROLL_BACK),
  fc.tuple(number, number).map(([row, column]) => `\x1b[${row};${column}H`),
  fc.tuple(number, number).map(([top, bottom]) => `\x1b[${top};${bottom}r`),
  fc
    .tuple(number, fc.constantFrom(' @', ' A', "'}", "'~"))
    .map(([n, final]) => `\x1b[${n}${final}`),
  fc.constantFrom('\x1bM', '\x1bD', '\x1bE', '\x1b7', '\x1b8', '\x1b#8'),
);

const colour = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map((index) => `5;${index}`),
  fc.tuple(number, number, number).map((parts) => `2;${parts.join(';')}`),
);

const style = fc.oneof(
  // After a restored cursor (DECRC) 59 brings an underline back in xterm.js, which forgets to reset it.
  {
    weight: 4,
    arbitrary: fc
      .integer({ min: 0, max: 107 })
      .filter((n) => n !== 59)
      .map(String),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 5 }).map((kind) => `4:${kind}`) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(38, 48, 58), colour).map((parts) => parts.join(';')),
  },
);

const mode = fc
  .tuple(
    fc.constantFrom(
      ...[1, 6, 7, 25, 1049, 2004, 1000, 1006].map((number) => `?${number}`),
      ...[9, 12, 45, 47, 66, 1002, 1003, 1004, 1016, 1047, 1048].map((number) => `?${number}`),
      ...['4', '4', '20'],
    ),
    fc.constantFrom('h', 'l'),
  )
  .map(([number, final]) => `\x1b[${number}${final}`);

const charset = fc.oneof(
  fc.constantFrom('\x1b(0', '\x1b(B', '\x1b%G', '\x1bn', '\x1bo'),
  fc
    .tuple(fc.constantFrom(...'()*+'), fc.constantFrom(...'0AB45RQKYE6ZH7='))
    .map(([slot, letter]) => `\x1b${slot}${letter}`),
);

const rare = fc.constantFrom(
  ...['\x1b[!p', '\x1bc', '\x1b=', '\x1b>', '\x1bH', '\x1b[g', '\x1b[3g', '\x1b[s', '\x1b[u'],
  ...['\x1b[ q', '\x1b[0 q', '\x1b[3 q', '\x1b[6 q', '\x1b[1"q', '\x1b[0"q', '\x1b[?J', '\x1b[?1K'],
);

const sequence = fc.oneof(
  { weight: 6, arbitrary: control },
  { weight: 2, arbitrary: style.map((parameters) => `\x1b[${parameters}m`) },
  { weight: 2, arbitrary: mode },
  { weight: 1, arbitrary: charset },
  { weight: 1, arbitrary: rare },
);

const query = fc.constantFrom(
  '\x1b[c',
  '\x1b[>c',
  '\x1b[6n',
  '\x1b[?6n',
  '\x1b[5n',
  '\x1bZ',
  '\x1b[?25$p',
  '\x1bP$qm\x1b\\',
  '\x1b]11;?\x07',
  '\x1b[18t',
  '\x05',
  '\u009bc',
);

/** One piece of output; arrays of it make a guest. */
export const terminalOutput: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 4, arbitrary: printed.map(encode) },
  { weight: 3, arbitrary: sequence.map(encode) },
  { weight: 1, arbitrary: query.map(encode) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }) },
);

/** The same without bytes that mean nothing. */
export const sensibleOutput: fc.Arbitrary<Uint8Array> = fc
  .oneof({ weight: 4, arbitrary: printed }, { weight: 3, arbitrary: sequence }, query)
  .map(encode);
