import { describe, expect, test } from 'vitest';
import { CreateDomain, DomainRef, OnShutdown } from './schemas.ts';
import type { z } from 'zod';

function faults(schema: z.ZodType, value: unknown): string[] {
  return schema.safeParse(value).error?.issues.map(({ message }) => message) ?? [];
}

describe('what a refused value is told', () => {
  test.each<[string, z.ZodType, unknown, string[]]>([
    [
      'a number too small',
      CreateDomain,
      { name: 'a', memoryMiB: -1 },
      ['must be at least 0, not -1'],
    ],
    [
      'half a number',
      CreateDomain,
      { name: 'a', memoryMiB: 1.5 },
      ['must be a whole number, not 1.5'],
    ],
    [
      'a text too long',
      DomainRef,
      { domain: 'x'.repeat(64) },
      ['must have at most 63 characters, not 64'],
    ],
    ['an empty text', DomainRef, { domain: '' }, ['must have at least 1 character, not 0']],
    ['another type', DomainRef, { domain: 5 }, ['must be text, not 5']],
    ['nothing', DomainRef, {}, ['is missing']],
    ['no object', DomainRef, [], ['must be an object, not []']],
    [
      'no word of the choice',
      OnShutdown,
      'explode',
      ['must be one of destroy, restart, preserve, not "explode"'],
    ],
    [
      'a long wrong value',
      OnShutdown,
      'e'.repeat(90),
      [expect.stringMatching(/not "e{39}…$/) as string],
    ],
  ])('%s', (_, schema, value, expected) => expect(faults(schema, value)).toEqual(expected));

  test("a schema's own sentence goes first", () => {
    expect(faults(CreateDomain, { name: '' })[0]).toBe('a name is needed');
  });
});
