/**
 * The last minutes of one domain, host or device, one row a second, in typed arrays: ten minutes of
 * 200 domains take five megabytes and no garbage.
 */
export const HISTORY_LENGTH = 600;
/** Two samples further apart than this have a gap between them. */
export const GAP_MS = 2500;

export class History<Column extends string> {
  private readonly columns: Record<Column, Float32Array>;
  private readonly times: Float64Array;
  private readonly rows: number;
  private next = 0;
  private count = 0;

  constructor(columns: readonly Column[], rows = HISTORY_LENGTH) {
    this.rows = rows;
    this.times = new Float64Array(rows);
    this.columns = Object.fromEntries(
      columns.map((column) => [column, new Float32Array(rows)]),
    ) as Record<Column, Float32Array>;
  }

  get length(): number {
    return this.count;
  }

  add(timeMs: number, row: Record<Column, number>): void {
    this.times[this.next] = timeMs;
    for (const column in this.columns) this.columns[column][this.next] = row[column];
    this.next = (this.next + 1) % this.rows;
    this.count = Math.min(this.rows, this.count + 1);
  }

  /** @param age 0 is the newest row. */
  timeMs(age: number): number {
    return this.times[this.slot(age)] ?? 0;
  }

  value(column: Column, age: number): number {
    return this.columns[column][this.slot(age)] ?? 0;
  }

  private slot(age: number): number {
    return (this.next - 1 - age + 2 * this.rows) % this.rows;
  }
}
