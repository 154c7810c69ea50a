import { Button, useDrag } from 'react-aria-components';
import type { Domain } from '../../shared/contract/schemas.ts';
import { DOMAIN_TYPE, dragged } from '../hosts/migration-drag.ts';
import styles from './domain-row.module.css';

interface Props {
  readonly domain: Domain;
  /** Where the focus goes when a drag by keyboard is over. */
  readonly onDropped: () => void;
}

/** Where a drag by keyboard or screen reader begins: Enter, then Tab from host to host. */
export function DragHandle({ domain, onDropped }: Props) {
  const { uuid, name, host } = domain;
  const { dragButtonProps } = useDrag({
    hasDragButton: true,
    getItems: () => [{ [DOMAIN_TYPE]: uuid, 'text/plain': name }],
    getAllowedDropOperations: () => ['move'],
    onDragStart: () => dragged.set({ uuid, name, from: host }),
    onDragEnd: () => {
      dragged.set(null);
      requestAnimationFrame(onDropped);
    },
  });
  return (
    <Button
      {...dragButtonProps}
      className={styles.grip!}
      aria-label={`Drag ${name}`}
      onKeyDown={(event) => {
        event.continuePropagation();
        if (event.key === 'Escape' && dragged.get()?.uuid === uuid) escapeAgain();
      }}
    />
  );
}

/** A drag by keyboard listens from the next frame on: an Escape that came before ends it then. */
const escapeAgain = (): void => {
  const escape = new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true });
  requestAnimationFrame(() => document.dispatchEvent(escape));
};
