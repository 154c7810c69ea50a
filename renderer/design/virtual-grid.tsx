import {
  type KeyboardEvent,
  memo,
  type ReactNode,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
  type Ref,
} from 'react';
import { NO_SLOTS, placeRows } from './row-slots.ts';
import { useVisibleRange } from './use-visible-range.ts';
import styles from './virtual-grid.module.css';

/**
 * A list of so many rows exists as a whole: the browser scrolls it by itself, and a row that is off
 * the screen costs little. Of a longer one only the rows on the screen exist.
 */
const WHOLE_ROWS = 256;
/** Rows beyond each edge of a longer list that exist already when they are scrolled in. */
const OVERSCAN = 3;

export interface VirtualGridRow {
  readonly key: string;
  /** What the row is called by a screen reader. */
  readonly label: string;
}

/** A row that exists, and where. */
export interface PlacedRow {
  readonly key: string;
  /** Which of the list's row elements shows it: the React key of what belongs to the element. */
  readonly slot: number;
  readonly top: number;
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
  /** Only rows of a list that has it can be dragged. */
  readonly onDragStart?: (row: T, event: React.DragEvent) => void;
  readonly onDragEnd?: () => void;
  /** `isActive`: the one row that is a stop for Tab, and whose controls are. */
  readonly children: (row: T, isActive: boolean) => ReactNode;
  /** What is drawn over all rows at once, for the eye only; given the rows that exist. */
  readonly overlay?: (rows: readonly PlacedRow[]) => ReactNode;
  readonly ref?: Ref<VirtualGridHandle>;
}

/**
 * A list of equal rows; of a long one, only those on the screen exist. One row is a stop for Tab; arrows,
 * Home, End and Page keys move it, Enter opens it, Tab goes to its controls, Escape comes back.
 *
 * A row scrolled out hands its element, with everything in it, to one scrolled in: `children` is
 * drawn again for another row and must hold no state that outlives the focus. The elements lie in
 * no order; `aria-owns` gives theirs.
 *
 * React Aria's grid was tried first: mounting its rows cost three times as much, which a scroll
 * through 200 domains cannot afford.
 */
export function VirtualGrid<T extends VirtualGridRow>(props: Props<T>) {
  const { label, rows, rowHeight } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const isWhole = rows.length <= WHOLE_ROWS;
  const onScreen = useVisibleRange(scroller, isWhole ? null : rowHeight);
  const first = isWhole ? 0 : Math.max(0, onScreen[0] - OVERSCAN);
  const last = Math.min(rows.length - 1, isWhole ? WHOLE_ROWS : onScreen[1] + OVERSCAN);
  const active = useActiveRow(scroller, rows, rowHeight);
  useImperativeHandle(props.ref, () => ({ focusRow: active.focus }));
  const shown = rowsToDraw(rows.length, first, last, active.index);
  const drawn = useSlots(rows, shown, active.index);
  const elements = drawn.toSorted((a, b) => a.slot - b.slot);
  const id = useId();
  return (
    <div
      ref={scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length}
      className={styles.grid}
      style={{ height: rows.length * rowHeight }}
      onKeyDown={(event) => gridKey(event, rows, active, props)}
      onFocus={(event) => active.focused(rowOf(event.target)?.dataset.row)}
      onBlur={active.blurred}
      onDoubleClick={(event) => {
        const row = rowAt(event.target, rows);
        if (row !== undefined) props.onOpen(row);
      }}
      onContextMenu={(event) => {
        const [row, element] = [rowAt(event.target, rows), rowOf(event.target)];
        if (row === undefined || element === null) return;
        event.preventDefault();
        props.onContextMenu(row, element);
      }}
      onDragStart={(event) => {
        const row = rowAt(event.target, rows);
        if (row !== undefined) props.onDragStart?.(row, event);
      }}
      onDragEnd={props.onDragEnd}
    >
      <div
        role="rowgroup"
        aria-owns={drawn.map(({ slot }) => `${id}${slot}`).join(' ')}
        className={styles.space}
        style={{ height: rows.length * rowHeight, backgroundSize: `100% ${rowHeight}px` }}
      >
        {elements.map(({ slot, index }) => (
          <GridRow
            key={slot}
            id={`${id}${slot}`}
            row={rows[index]!}
            index={index}
            top={index * rowHeight}
            height={rowHeight}
            isActive={index === active.index}
            isDraggable={props.onDragStart !== undefined}
            draw={props.children as DrawRow}
          />
        ))}
        {props.overlay?.(
          elements.map(({ slot, index }) => ({
            key: rows[index]!.key,
            slot,
            top: index * rowHeight,
          })),
        )}
      </div>
    </div>
  );
}

type DrawRow = (row: VirtualGridRow, isActive: boolean) => ReactNode;

interface GridRowProps {
  readonly id: string;
  readonly row: VirtualGridRow;
  readonly index: number;
  readonly top: number;
  readonly height: number;
  readonly isActive: boolean;
  readonly isDraggable: boolean;
  readonly draw: DrawRow;
}

const GridRow = memo(function GridRow(props: GridRowProps) {
  const { id, row, index, top, height, isActive, isDraggable, draw } = props;
  return (
    <div
      id={id}
      role="row"
      data-row={row.key}
      aria-rowindex={index + 1}
      aria-label={row.label}
      tabIndex={isActive ? 0 : -1}
      draggable={isDraggable}
      className={styles.row}
      style={{ top, height }}
    >
      {draw(row, isActive)}
    </div>
  );
});

interface DrawnRow {
  readonly index: number;
  readonly slot: number;
}

/** In the order of the rows. */
function useSlots(
  rows: readonly VirtualGridRow[],
  shown: readonly number[],
  activeIndex: number,
): readonly DrawnRow[] {
  const [last, setLast] = useState({ slots: NO_SLOTS, active: rows[activeIndex]?.key });
  const slots = placeRows(
    last.slots,
    shown.map((index) => rows[index]!.key),
    (key) => key !== last.active && rows.some((row) => row.key === key),
  );
  const active = rows[activeIndex]?.key;
  if (slots !== last.slots || active !== last.active) setLast({ slots, active });
  return shown.map((index) => ({ index, slot: slots.get(rows[index]!.key)! }));
}

interface ActiveRow {
  /** The first row before any was active. */
  readonly index: number;
  /** The focus came into the list: to a row, or to a control in one. */
  focused(key: string | undefined): void;
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
      if (wanted !== undefined) setKey(wanted);
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
    if (event.key === 'Escape') rowOf(event.target)?.focus();
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

/** The row that the event happened in. */
function rowOf(target: EventTarget): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>('[data-row]') : null;
}

function rowAt<T extends VirtualGridRow>(target: EventTarget, rows: readonly T[]): T | undefined {
  const key = rowOf(target)?.dataset.row;
  return rows.find((row) => row.key === key);
}

/** The key of the row that the event is about itself, not one of its controls. */
function rowKey(target: EventTarget): string | null {
  return target instanceof HTMLElement ? (target.dataset.row ?? null) : null;
}
