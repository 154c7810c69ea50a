import { useState } from 'react';
import type { MemoryBounds } from './memory-bounds.ts';
import styles from './memory-control.module.css';

interface Props {
  readonly initial: string;
  readonly bounds: MemoryBounds;
  /** Null: taken back. */
  readonly onDone: (mib: number | null) => void;
}

/** The memory control's figure while it is typed. Enter asks for it, Escape takes it back. */
export function MemoryNumber({ initial, bounds, onDone }: Props) {
  const [text, setText] = useState(initial);
  const value = Number(text);
  const { leastMiB, mostMiB } = bounds;
  const isValid = /^[0-9]+$/.test(text) && value >= leastMiB && value <= mostMiB;
  const range = `${leastMiB} to ${mostMiB} MiB`;
  return (
    <span className={styles.typing}>
      <input
        autoFocus
        inputMode="numeric"
        aria-label={`Memory in MiB, ${range}`}
        aria-invalid={!isValid}
        title={range}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => onDone(null)}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === 'Escape') onDone(null);
          if (event.key === 'Enter' && isValid) onDone(value);
        }}
      />
      <span aria-live="polite">{isValid ? 'MiB' : range}</span>
    </span>
  );
}
