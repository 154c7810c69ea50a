import {
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
  type Ref,
} from 'react';
import styles from './virtual-grid.module.css';

/** Rows beyond each edge that exist already when they are scrolled in. */
const OVERSCAN = 6;

export interface VirtualGridRow {
  readonly key: string;
  /** What the row is called by a screen reader. */
  readonly label: string;
}

export interface VirtualGridHandle {
  focusRow(key: string): void;
}

interface Props<T extends VirtualGridRow> {
  readonly label: string;
  readonly rows: readonly T[];
  readonly rowHeight: number;
  readonly onOpen: (row: T) => void;
  readonly onContextMenu: (row: T, anchor: HTMLElement) => void;
  readonly onDragStart: (row: T, event: React.DragEvent) => void;
  readonly onDragEnd: () => void;
  /** `isActive`: the one row that is a stop for Tab, and whose controls are. */
  readonly children: (row: T, isActive: boolean) => ReactNode;
  readonly ref?: Ref<VirtualGridHandle>;
}

/**
 * A list of equal rows of which only those on the screen exist. One row is a stop for Tab; arrows,
 * Home, End and Page keys move it, Enter opens it, Tab goes to its controls, Escape comes back.
 *
 * React Aria's grid was tried first: mounting its rows cost three times as much, which a scroll
 * through 200 domains cannot afford.
 */
export function VirtualGrid<T extends VirtualGridRow>(props: Props<T>) {
  const { label, rows, rowHeight } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [first, last] = useVisibleRange(scroller, rowHeight, rows.length);
  const active = useActiveRow(scroller, rows, rowHeight);
  useImperativeHandle(props.ref, () => ({ focusRow: active.focus }));
  const shown = rowsToDraw(rows.length, first, last, active.index);
  return (
    <div
      ref={scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length}
      className={styles.grid}
      style={{ height: rows.length * rowHeight }}
      onKeyDown={(event) => gridKey(event, rows, active, props)}
      onFocus={(event) => active.focused(rowKey(event.target))}
      onBlur={active.blurred}
      onDragEnd={props.onDragEnd}
    >
      <div role="rowgroup" className={styles.space} style={{ height: rows.length * rowHeight }}>
        {shown.map((index) => {
          const row = rows[index]!;
          const isActive = index === active.index;
          return (
            <div
              key={row.key}
              role="row"
              data-row={row.key}
              aria-rowindex={index + 1}
              aria-label={row.label}
              tabIndex={isActive ? 0 : -1}
              draggable
              className={styles.row}
              style={{ top: index * rowHeight, height: rowHeight }}
              onDoubleClick={() => props.onOpen(row)}
              onContextMenu={(event) => {
                event.preventDefault();
                props.onContextMenu(row, event.currentTarget);
              }}
              onDragStart={(event) => props.onDragStart(row, event)}
            >
              {props.children(row, isActive)}
            </div>
          );
        })}
      </div>
    </div>
  );
}

interface ActiveRow {
  /** The first row before any was active. */
  readonly index: number;
  /** The focus came into the list: to a row, or (null) to a control in one. */
  focused(key: string | null): void;
  blurred(): void;
  focus(key: string): void;
}

function useActiveRow(
  scroller: React.RefObject<HTMLDivElement | null>,
  rows: readonly VirtualGridRow[],
  rowHeight: number,
): ActiveRow {
  const [key, setKey] = useState<string | null>(null);
  const isFocusWanted = useRef(false);
  const lastIndex = useRef(0);
  const hasFocus = useRef(false);
  const found = rows.findIndex((row) => row.key === key);
  // A row that went away leaves its place to the one that stands there now.
  const index = found === -1 ? Math.min(lastIndex.current, Math.max(0, rows.length - 1)) : found;
  const present = rows[index]?.key;
  useLayoutEffect(() => {
    lastIndex.current = index;
    // The focused row went away and took the focus with it.
    const isFocusLost = hasFocus.current && document.activeElement === document.body;
    if (!isFocusWanted.current && !isFocusLost) return;
    isFocusWanted.current = false;
    if (present !== undefined)
      rowElement(scroller.current, present)?.focus({ preventScroll: true });
  });
  return {
    index,
    focused: (wanted) => {
      hasFocus.current = true;
      if (wanted !== null) setKey(wanted);
    },
    blurred: () => {
      hasFocus.current = false;
    },
    focus: (wanted) => {
      const place = rows.findIndex((row) => row.key === wanted);
      if (place === -1) return;
      scrollToRow(scroller.current, place * rowHeight, rowHeight);
      const row = rowElement(scroller.current, wanted);
      if (row !== null) return row.focus({ preventScroll: true });
      isFocusWanted.current = true;
      setKey(wanted);
    },
  };
}

function rowElement(scroller: HTMLElement | null, key: string): HTMLElement | null {
  return scroller?.querySelector<HTMLElement>(`[data-row="${CSS.escape(key)}"]`) ?? null;
}

function scrollToRow(scroller: HTMLElement | null, top: number, height: number): void {
  if (scroller === null) return;
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  const overhang = top + height - scroller.clientHeight;
  if (overhang > scroller.scrollTop) scroller.scrollTop = overhang;
}

/** First and last row on the screen; changes only when a row comes or goes. */
function useVisibleRange(
  scroller: React.RefObject<HTMLDivElement | null>,
  rowHeight: number,
  count: number,
): readonly [first: number, last: number] {
  const [range, setRange] = useState<readonly [number, number]>([0, 30]);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    let height = element.clientHeight;
    const update = (): void => {
      const first = Math.floor(element.scrollTop / rowHeight);
      const last = Math.ceil((element.scrollTop + height) / rowHeight);
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
  return [Math.max(0, range[0] - OVERSCAN), Math.min(count - 1, range[1] + OVERSCAN)];
}

/** The active row exists wherever it is: the focus must not vanish with a scroll. */
function rowsToDraw(count: number, first: number, last: number, active: number): number[] {
  if (count === 0) return [];
  const shown = Array.from(
    { length: Math.max(0, last - first + 1) },
    (_, offset) => first + offset,
  );
  if (active < first) shown.unshift(active);
  else if (active > last) shown.push(active);
  return shown;
}

function gridKey<T extends VirtualGridRow>(
  event: KeyboardEvent<HTMLElement>,
  rows: readonly T[],
  active: ActiveRow,
  { onOpen, rowHeight }: Props<T>,
): void {
  const key = rowKey(event.target);
  if (key === null) {
    // In a control of the row: Escape goes back to the row, everything else is the control's.
    const row = event.key === 'Escape' ? (event.target as Element).closest('[data-row]') : null;
    if (row instanceof HTMLElement) row.focus();
    return;
  }
  if (event.key === 'Enter') {
    const row = rows[active.index];
    if (row !== undefined) onOpen(row);
    return event.preventDefault();
  }
  const page = Math.max(1, Math.floor(event.currentTarget.clientHeight / rowHeight) - 1);
  const steps: Record<string, number> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: page,
    PageUp: -page,
    Home: -Infinity,
    End: Infinity,
  };
  const step = steps[event.key];
  if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const next = rows[Math.min(rows.length - 1, Math.max(0, active.index + step))];
  if (next !== undefined) active.focus(next.key);
}

/** The key of the row that the event is about itself, not one of its controls. */
function rowKey(target: EventTarget): string | null {
  return target instanceof HTMLElement ? (target.dataset.row ?? null) : null;
}
