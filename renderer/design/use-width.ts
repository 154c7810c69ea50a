import { type RefObject, useLayoutEffect, useState } from 'react';

/** How wide an element is, in px; `first` until it was measured. */
export function useWidth(place: RefObject<HTMLElement | null>, first = 960): number {
  const [width, setWidth] = useState(first);
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return;
    const measure = (): void => setWidth(element.clientWidth);
    measure();
    const resizing = new ResizeObserver(measure);
    resizing.observe(element);
    return () => resizing.disconnect();
  }, [place]);
  return width;
}
