import { type RefObject, useEffect, useState } from 'react';

/** Before the list was measured. */
const FIRST_RANGE = [0, 30] as const;

/**
 * First and last row on the screen of a list that scrolls; may lie beyond the list's end. Always as
 * many, so that one comes when one goes and a scroll draws once a row.
 *
 * @param rowHeight null: nobody asks, and a scroll draws nothing
 */
export function useVisibleRange(
  scroller: RefObject<HTMLElement | null>,
  rowHeight: number | null,
): readonly [first: number, last: number] {
  const [range, setRange] = useState<readonly [number, number]>(FIRST_RANGE);
  useEffect(() => {
    const element = scroller.current;
    if (element === null || rowHeight === null) return;
    let height = element.clientHeight;
    const update = (): void => {
      const first = Math.floor(element.scrollTop / rowHeight);
      const last = first + Math.ceil(height / rowHeight);
      setRange((old) => (old[0] === first && old[1] === last ? old : [first, last]));
    };
    const resizing = new ResizeObserver(([entry]) => {
      height = entry?.contentRect.height ?? height;
      update();
    });
    resizing.observe(element);
    element.addEventListener('scroll', update, { passive: true });
    return () => {
      resizing.disconnect();
      element.removeEventListener('scroll', update);
    };
  }, [scroller, rowHeight]);
  return range;
}
