import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react';
import type { ErrorData } from '../../shared/errors.ts';
import { Icon } from '../design/icon.tsx';
import styles from './refusal.module.css';

interface Props {
  readonly refusal: ErrorData | null;
  /** The control that was refused; the words stand beside it. */
  readonly anchor: RefObject<HTMLElement | null>;
  readonly onDismiss: () => void;
}

const SHOWN_MS = 8000;
const GAP_PX = 4;

/** Why a value was not taken, next to where it was asked; the focus stays where it is. */
export function Refusal({ refusal, anchor, onDismiss }: Props) {
  useEffect(() => {
    if (refusal === null) return;
    const timer = setTimeout(onDismiss, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [refusal, onDismiss]);
  return refusal === null ? null : <Words message={refusal.message} anchor={anchor} />;
}

interface WordsProps {
  readonly message: string;
  readonly anchor: RefObject<HTMLElement | null>;
}

/** In the browser's top layer: the list around it cuts off what stands out. */
function Words({ message, anchor }: WordsProps) {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const words = place.current;
    const control = anchor.current?.getBoundingClientRect();
    if (words === null || control === undefined) return;
    words.showPopover();
    const { width, height } = words.getBoundingClientRect();
    const below = control.bottom + GAP_PX;
    const fits = below + height <= window.innerHeight;
    words.style.top = `${fits ? below : control.top - GAP_PX - height}px`;
    words.style.left = `${Math.max(8, Math.min(control.left, window.innerWidth - width - 8))}px`;
  }, [anchor, message]);
  return (
    <div ref={place} popover="manual" role="alert" className={styles.refusal}>
      <Icon name="cross" />
      <span>{message}</span>
    </div>
  );
}
