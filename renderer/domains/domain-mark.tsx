import type { DomainState } from '../../shared/contract/schemas.ts';
import styles from './domain-mark.module.css';
import { stateWord } from './state-word.ts';

/** A state as a shape and a colour; the shape alone tells it too. */
export function DomainMark({ state }: { readonly state: DomainState }) {
  const shape = SHAPES[state];
  return (
    <span className={`${styles.mark} ${styles[state]}`} role="img" aria-label={stateWord(state)}>
      {shape !== null && (
        <svg viewBox="0 0 12 12">
          <path d={shape} />
        </svg>
      )}
    </span>
  );
}

const RING = 'M6 1.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4z';

/** Null: so common and so simple that it is a background. A drawing costs each frame of a scroll. */
const SHAPES: Record<DomainState, string | null> = {
  running: null,
  paused: null,
  crashed: 'M6 1.2 11.2 10.6H.8z',
  'shut-off': null,
  saved: null,
  starting: RING,
  'shutting-down': RING,
  migrating: 'M1 6h6.4M6 2.6 9.8 6 6 9.4',
};
