/** A table of columns as wide as their content; numbers (columns in `right`) to the right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[] = [],
): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    head
      .map((name, column) => {
        const cell = row[column] ?? '';
        const width = widths[column]!;
        return right.includes(name) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** `xl info`'s way: the key padded to 22 columns, a colon, the value. */
export function keyValues(
  pairs: readonly (readonly [key: string, value: string | number])[],
): string[] {
  return pairs.map(([key, value]) => `${key.padEnd(22)} : ${value}`);
}
