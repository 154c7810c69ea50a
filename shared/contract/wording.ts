/**
 * What a value that the contract refuses is told: what it must be, and what it was. The name of
 * the value stands before it: "pcpus: must be at least 1, not 0".
 */
import { z } from 'zod';

const LONGEST_VALUE = 40;

const TYPES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

type Issue = Parameters<z.core.$ZodErrorMap>[0];

/** Undefined: the library's own sentence. */
export function wording(issue: Issue): string | undefined {
  const { input } = issue;
  switch (issue.code) {
    case 'invalid_type':
      if (input === undefined) return 'is missing';
      return `must be ${TYPES[issue.expected] ?? issue.expected}, not ${told(input)}`;
    case 'too_small':
      return bound(input, 'at least', issue.minimum);
    case 'too_big':
      return bound(input, 'at most', issue.maximum);
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}, not ${told(input)}`;
    case 'unrecognized_keys':
      return `has no ${issue.keys.map((key) => told(key)).join(', ')}`;
    default:
      return undefined;
  }
}

function bound(input: unknown, how: string, limit: number | bigint): string {
  if (typeof input === 'number') return `must be ${how} ${limit}, not ${input}`;
  const [one, many] =
    typeof input === 'string' ? ['character', 'characters'] : ['entry', 'entries'];
  const has = (input as { length?: number }).length ?? 0;
  return `must have ${how} ${limit} ${Number(limit) === 1 ? one : many}, not ${has}`;
}

function told(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

z.config({ localeError: wording });
