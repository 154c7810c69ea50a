import type { ReactNode } from 'react';
import styles from './facts.module.css';

/**
 * What a value is, in time. `live`: it moves by itself. `now`: a change takes effect at once.
 * `next`: at the next start. `fixed`: as long as the thing is there.
 */
export type When = 'live' | 'now' | 'next' | 'fixed';

const WORDS: Record<When, readonly [word: string, tip: string]> = {
  live: ['live', 'Moves by itself, once a second'],
  now: ['now', 'A change takes effect at once'],
  next: ['at next start', 'The domain is off: it takes effect when it starts'],
  fixed: ['fixed', 'Stays as it is: detach it and attach it anew to change it'],
};

export function Facts({ children }: { readonly children: ReactNode }) {
  return <dl className={styles.facts}>{children}</dl>;
}

interface FactProps {
  readonly name: string;
  readonly when?: When;
  readonly children: ReactNode;
}

/** One value, and at the end of its line when it holds. */
export function Fact({ name, when, children }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <div className={styles.value}>{children}</div>
        {when !== undefined && <WhenTag when={when} />}
      </dd>
    </div>
  );
}

export function WhenTag({ when }: { readonly when: When }) {
  const [word, tip] = WORDS[when];
  return (
    <span className={styles.when} data-when={when} title={tip}>
      {word}
    </span>
  );
}
