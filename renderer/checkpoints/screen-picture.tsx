import type { CSSProperties } from 'react';
import type { Picture } from '../../shared/contract/schemas.ts';
import styles from './screen-picture.module.css';

/** A console as it was, small: its text, to be known again rather than read. */
export function ScreenPicture({ picture }: { readonly picture: Picture | null }) {
  const lines = picture?.lines ?? [];
  const columns = picture?.columns ?? 80;
  const last = lines.findLast((line) => line.trim() !== '')?.trim();
  const size = { '--columns': columns, '--rows': picture?.rows ?? 24 } as CSSProperties;
  return (
    <span
      className={styles.frame}
      style={size}
      role="img"
      aria-label={last === undefined ? 'An empty screen' : `Its screen, at the end: ${last}`}
    >
      <span className={styles.text} aria-hidden="true">
        {lines.join('\n')}
      </span>
    </span>
  );
}
