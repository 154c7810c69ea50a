import type { DomainState } from '../../shared/contract/schemas.ts';
import styles from './domain-mark.module.css';
import { stateWord } from './state-word.ts';

/** A state as a shape and a colour; the shape alone tells it too. */
export function DomainMark({ state }: { readonly state: DomainState }) {
  return (
    <svg
      className={`${styles.mark} ${styles[state]}`}
      viewBox="0 0 12 12"
      role="img"
      aria-label={stateWord(state)}
    >
      <path d={SHAPES[state]} />
    </svg>
  );
}

const RING = 'M6 1.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4z';

const SHAPES: Record<DomainState, string> = {
  running: RING,
  paused: 'M2.8 2h2v8h-2zM7.2 2h2v8h-2z',
  crashed: 'M6 1.2 11.2 10.6H.8z',
  'shut-off': RING,
  starting: RING,
  'shutting-down': RING,
  migrating: 'M1 6h6.4M6 2.6 9.8 6 6 9.4',
};
