/** The tab stops of one screen, if a guest has moved them. */
import type { Brush } from './brush.ts';
import type { CoreBuffer } from './internals.ts';

const CLEAR_ALL = '\x1b[3g';
const SET = '\x1bH';
const EVERY = 8;

/** The cursor ends in another column of its row. */
export function drawTabStops(brush: Brush, { tabs }: CoreBuffer): void {
  const columns = Array.from({ length: brush.columns }, (_, column) => column);
  const isUsual = columns.every((column) => Boolean(tabs[column]) === (column % EVERY === 0));
  if (isUsual) return;
  brush.write(CLEAR_ALL);
  for (const column of columns.filter((column) => tabs[column])) {
    brush.jumpTo(column);
    brush.write(SET);
  }
}
