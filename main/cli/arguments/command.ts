/** What a command is: its arguments as data, for the parser and for help, and what it does. */
import type { Context } from '../context.ts';

export interface Option {
  /** A `number` is a whole number of 0 or more; a `list` can be given several times. */
  readonly kind: 'text' | 'number' | 'flag' | 'list';
  /** What help calls the value: `MiB`. */
  readonly value?: string;
  /** A single letter. */
  readonly short?: string;
  readonly help: string;
}
export type Options = Readonly<Record<string, Option>>;

/** Words of a command: `NAME` is needed, `[NAME]` may be left out, `WORD...` takes all that follow. */
export type Words = readonly string[];

type OptionValue<O extends Option> = O['kind'] extends 'flag'
  ? boolean
  : O['kind'] extends 'list'
    ? string[]
    : (O['kind'] extends 'number' ? number : string) | undefined;
type WordValue<W> = W extends `${string}...`
  ? string[]
  : W extends `[${string}]`
    ? string | undefined
    : string;

export interface Arguments<W extends Words, O extends Options> {
  readonly words: { readonly [Index in keyof W]: WordValue<W[Index]> };
  readonly options: { readonly [Name in keyof O]: OptionValue<O[Name]> };
}

export interface Command<W extends Words = Words, O extends Options = Options> {
  readonly words: W;
  readonly options: O;
  /** What help says below the options. */
  readonly notes?: string;
  /** The exit status; none is 0. Throws {@link DomusError}. */
  run(context: Context, given: Arguments<W, O>): Promise<number | void>;
}

export function defineCommand<const W extends Words, const O extends Options>(
  command: Command<W, O>,
): Command<W, O> {
  return command;
}
