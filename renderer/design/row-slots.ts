/** Which of a list's row elements shows which row. */

/** Row key to slot; in the order of the rows on the screen. */
export type RowSlots = ReadonlyMap<string, number>;

export const NO_SLOTS: RowSlots = new Map();

/**
 * A row keeps its slot as long as it is drawn. A row that is new takes the slot of one that was
 * scrolled out, so that an element gets other words instead of being made anew.
 *
 * @param mayReuse Whether another row may take over the element of this one, which is not drawn any
 * more. Never that of a row that was deleted or had the focus: the focus would go with the element.
 */
export function placeRows(
  old: RowSlots,
  drawn: readonly string[],
  mayReuse: (key: string) => boolean,
): RowSlots {
  const isDrawn = new Set(drawn);
  const free: number[] = [];
  let next = 0;
  for (const [key, slot] of old) {
    next = Math.max(next, slot + 1);
    if (!isDrawn.has(key) && mayReuse(key)) free.push(slot);
  }
  let isSame = old.size === drawn.length;
  const placed = new Map<string, number>();
  for (const key of drawn) {
    const kept = old.get(key);
    isSame &&= kept !== undefined;
    placed.set(key, kept ?? free.pop() ?? next++);
  }
  return isSame ? old : placed;
}
