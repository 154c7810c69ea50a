import { type RefObject, useEffect } from 'react';
import { Dialog, Popover } from 'react-aria-components';
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

/** Why a value was not taken, next to where it was asked; the focus stays where it is. */
export function Refusal({ refusal, anchor, onDismiss }: Props) {
  useEffect(() => {
    if (refusal === null) return;
    const timer = setTimeout(onDismiss, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [refusal, onDismiss]);
  if (refusal === null) return null;
  return (
    <Popover
      isOpen
      isNonModal
      triggerRef={anchor}
      placement="bottom"
      offset={4}
      className={styles.refusal!}
      onOpenChange={(open) => !open && onDismiss()}
    >
      <Dialog aria-label="Refused" className={styles.words!}>
        <Icon name="cross" />
        <span role="alert">{refusal.message}</span>
      </Dialog>
    </Popover>
  );
}
