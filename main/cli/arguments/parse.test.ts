import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DomusError } from '../../../shared/errors.ts';
import { asksForJson, parseCommand, parseLeading } from './parse.ts';

const create = {
  words: ['NAME', '[HOST]'],
  options: {
    memory: { kind: 'number', help: '' },
    image: { kind: 'text', help: '' },
    cold: { kind: 'flag', help: '' },
    follow: { kind: 'flag', short: 'f', help: '' },
  },
} as const;
const exec = { words: ['NAME', 'COMMAND...'], options: {} } as const;

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(DomusError);
    expect((error as DomusError).code).toBe('usage');
    return (error as DomusError).message;
  }
  throw new Error('nothing was refused');
}

describe('what stands before the command', () => {
  it('is the home, --json, --help and --version', () => {
    expect(parseLeading(['--home', '/h', '--json', 'list', '--json'])).toEqual({
      home: '/h',
      json: true,
      help: false,
      version: false,
      rest: ['list', '--json'],
    });
    expect(parseLeading(['--home=/h', 'list']).home).toBe('/h');
    expect(parseLeading(['--version']).version).toBe(true);
  });

  it('is nothing else', () => {
    expect(refusal(() => parseLeading(['--cold', 'list']))).toContain('--cold');
    expect(refusal(() => parseLeading(['--home']))).toContain('--home');
    expect(refusal(() => parseLeading(['--home='])).length).toBeGreaterThan(0);
  });
});

describe('options that are not what they should be', () => {
  it.each([
    [['web1', '--memory', '-1'], '--memory takes a value, and what follows it begins with "-"'],
    [['web1', '--memory'], '--memory takes a value, and none follows it'],
    [['web1', '--memory=-1'], '--memory takes a whole number, not "-1"'],
    [['web1', '-1'], 'There is no option -1, and no number below 0 is taken'],
    [['web1', '--bogus'], 'There is no option --bogus.'],
  ])('%j: %s', (argv, sentence) => {
    expect(refusal(() => parseCommand('create', create, argv))).toContain(sentence);
  });
});

describe("a command's arguments", () => {
  it('are words and options in any order', () => {
    const { words, options, globals } = parseCommand('create', create, [
      '--memory',
      '64',
      'web1',
      '--cold',
      '--home',
      '/h',
      '-f',
    ]);
    expect(words).toEqual(['web1', undefined]);
    expect(options).toEqual({ memory: 64, image: undefined, cold: true, follow: true });
    expect(globals).toEqual({ home: '/h', json: false, help: false });
  });

  it('may leave out the first word, where that is in brackets', () => {
    const upload = { words: ['[FILE]', 'VOLUME', '[NOTE]'], options: {} } as const;
    const words = (...argv: string[]): unknown => parseCommand('upload', upload, argv).words;
    expect(words('v')).toEqual([undefined, 'v', undefined]);
    expect(words('f', 'v')).toEqual(['f', 'v', undefined]);
    expect(words('-', 'v', 'n')).toEqual(['-', 'v', 'n']);
    expect(refusal(() => words())).toContain('VOLUME is missing');
    expect(refusal(() => words('f', 'v', 'n', 'x'))).toContain('"x" is one word too many');
  });

  it('may leave out words in brackets only', () => {
    expect(parseCommand('create', create, ['web1', 'alpha']).words).toEqual(['web1', 'alpha']);
    expect(refusal(() => parseCommand('create', create, []))).toContain('NAME is missing');
    expect(refusal(() => parseCommand('create', create, ['a', 'b', 'c']))).toContain('"c"');
  });

  it('are not asked for when help is', () => {
    expect(parseCommand('create', create, ['--help']).globals.help).toBe(true);
  });

  it('after -- are words, whatever they look like', () => {
    const { words, globals } = parseCommand('exec', exec, ['web1', '--', 'ls', '--json', '-l']);
    expect(words).toEqual(['web1', ['ls', '--json', '-l']]);
    expect(globals.json).toBe(false);
    expect(asksForJson(['exec', 'web1', '--', 'ls', '--json'])).toBe(false);
    expect(asksForJson(['exec', 'web1', '--json', '--', 'ls'])).toBe(true);
    expect(refusal(() => parseCommand('exec', exec, ['web1', '--']))).toContain('COMMAND');
  });

  it.each(['abc', '-5', '1.5', '0x10', '1e3', '', ' 64', '9'.repeat(20)])(
    'are no numbers when they are %j',
    (text) => {
      const message = refusal(() => parseCommand('create', create, ['web1', `--memory=${text}`]));
      expect(message).toContain('--memory');
    },
  );

  it('name unknown options in a sentence', () => {
    expect(refusal(() => parseCommand('create', create, ['web1', '--colder']))).toBe(
      'There is no option --colder. See "domus create --help".',
    );
    expect(refusal(() => parseCommand('create', create, ['web1', '--memory']))).toContain(
      '--memory',
    );
  });

  it('are arguments or a usage error, whatever is typed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom('--', '-f', '--memory'))),
        (argv) => {
          try {
            const { words } = parseCommand('create', create, argv);
            expect(words.length === 2 || argv.some((word) => /^-.*h/.test(word))).toBe(true);
          } catch (error) {
            expect((error as DomusError).code).toBe('usage');
          }
        },
      ),
    );
  });
});
