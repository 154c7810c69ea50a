/** What guests print, for property tests: text, control characters, sequences, questions, junk. */
import fc from 'fast-check';

const number = fc.integer({ min: 0, max: 30 });
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const printed = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.constantFrom('\r\n', '\n', '\t', '\b', '\r', 'x'.repeat(79), 'y'.repeat(200), '\x0e', '\x0f'),
);

const sequence = fc.oneof(
  fc
    .tuple(number, fc.constantFrom(...'ABCDEFGJKLMPSTX@`de'))
    .map(([n, final]) => `\x1b[${n}${final}`),
  fc.tuple(number, number).map(([row, column]) => `\x1b[${row};${column}H`),
  fc.tuple(number, number).map(([top, bottom]) => `\x1b[${top};${bottom}r`),
  fc.integer({ min: 0, max: 107 }).map((style) => `\x1b[${style}m`),
  fc
    .tuple(fc.constantFrom(1, 6, 7, 25, 1049, 2004, 1000, 1006), fc.constantFrom('h', 'l'))
    .map(([mode, final]) => `\x1b[?${mode}${final}`),
  fc.constantFrom(
    '\x1bM',
    '\x1bD',
    '\x1bE',
    '\x1b7',
    '\x1b8',
    '\x1b(0',
    '\x1b(B',
    '\x1b[!p',
    '\x1bc',
  ),
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
