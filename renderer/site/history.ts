/**
 * The last ten minutes of one domain or host, one row a second, in typed arrays: 200 domains take
 * three megabytes and no garbage.
 */
export const HISTORY_LENGTH = 600;
/** Two samples further apart than this have a gap between them. */
export const GAP_MS = 2500;

export class History<Column extends string> {
  private readonly columns: Record<Column, Float32Array>;
  private readonly times = new Float64Array(HISTORY_LENGTH);
  private next = 0;
  private count = 0;

  constructor(columns: readonly Column[]) {
    this.columns = Object.fromEntries(
      columns.map((column) => [column, new Float32Array(HISTORY_LENGTH)]),
    ) as Record<Column, Float32Array>;
  }

  get length(): number {
    return this.count;
  }

  add(timeMs: number, row: Record<Column, number>): void {
    this.times[this.next] = timeMs;
    for (const column in this.columns) this.columns[column][this.next] = row[column];
    this.next = (this.next + 1) % HISTORY_LENGTH;
    this.count = Math.min(HISTORY_LENGTH, this.count + 1);
  }

  /** @param age 0 is the newest row. */
  timeMs(age: number): number {
    return this.times[this.slot(age)] ?? 0;
  }

  value(column: Column, age: number): number {
    return this.columns[column][this.slot(age)] ?? 0;
  }

  private slot(age: number): number {
    return (this.next - 1 - age + 2 * HISTORY_LENGTH) % HISTORY_LENGTH;
  }
}
