import { usageError } from './usage-error.ts';

/** The value of an option that takes one of a few words; undefined when it was not given. */
export function oneOf<Word extends string>(
  command: string,
  option: string,
  words: readonly Word[],
  value: string | undefined,
): Word | undefined {
  if (value === undefined) return undefined;
  const known = words.find((word) => word === value);
  if (known !== undefined) return known;
  const choice = words.join(', ');
  throw usageError(`--${option} takes one of ${choice}, not ${JSON.stringify(value)}.`, command);
}
