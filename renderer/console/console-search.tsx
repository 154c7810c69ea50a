import { useEffect, useState } from 'react';
import { IconButton } from '../design/button.tsx';
import { useValue } from '../state/value.ts';
import styles from './console-search.module.css';
import type { TerminalSession } from './terminal-session.ts';

interface Props {
  readonly session: TerminalSession;
  readonly onClose: () => void;
}

/** Searches the terminal's screen and scroll-back. Enter goes back in time, Shift-Enter forward. */
export function ConsoleSearch({ session, onClose }: Props) {
  const [text, setText] = useState('');
  const { index, count } = useValue(session.search);
  useEffect(() => () => session.endSearch(), [session]);
  const close = () => {
    onClose();
    session.focus();
  };
  return (
    <div role="search" className={styles.search} aria-label="Search the console">
      <input
        autoFocus
        aria-label="Search for"
        placeholder="Search"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          session.find(event.target.value, 'previous');
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') close();
          if (event.key === 'Enter') session.find(text, event.shiftKey ? 'next' : 'previous');
        }}
      />
      <span className={styles.count} role="status">
        {text !== '' && (count === 0 ? 'none' : `${index + 1} of ${count}`)}
      </span>
      <IconButton icon="up" label="Earlier" onPress={() => session.find(text, 'previous')} />
      <IconButton icon="down" label="Later" onPress={() => session.find(text, 'next')} />
      <IconButton icon="close" label="Close the search" onPress={close} />
    </div>
  );
}
