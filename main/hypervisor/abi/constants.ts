/** Names of the interface's numbers, for logs. */

/** The union of a constant table's values: `type Virq = ConstantOf<typeof Virq>`. */
export type ConstantOf<T> = T[keyof T];

/** `eventChannelOp` to `event_channel_op`: Xen's spelling of a name that this folder spells our way. */
export const snakeCase = (name: string): string =>
  name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);

/**
 * The reverse of a constant table. The first of several names of one value wins; a value without
 * a name is given as `unknown (17)`.
 */
export function namesOf(
  table: Readonly<Record<string, number>>,
  spell: (key: string) => string = snakeCase,
): (value: number) => string {
  const names = new Map<number, string>();
  for (const [key, value] of Object.entries(table)) {
    if (!names.has(value)) names.set(value, spell(key));
  }
  return (value) => names.get(value) ?? `unknown (${value})`;
}
