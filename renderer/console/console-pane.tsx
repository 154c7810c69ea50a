import { useEffect, useRef, useState } from 'react';
import type { Domain } from '../../shared/contract/schemas.ts';
import { Button } from '../design/button.tsx';
import { Empty } from '../design/empty.tsx';
import { mainAction } from '../domains/actions.ts';
import { stateWord } from '../domains/state-word.ts';
import { useSite } from '../site/site.ts';
import { ConsoleFooter } from './console-footer.tsx';
import styles from './console-pane.module.css';
import { isLeaveConsoleKey } from '../app/shortcuts.ts';
import { leaveConsole } from './leave-console.ts';
import { ConsoleSearch } from './console-search.tsx';
import type { TerminalSession } from './terminal-session.ts';

interface Props {
  readonly domain: Domain;
  /** Typing goes here as soon as it is shown. */
  readonly takesFocus?: boolean;
}

/** A domain's terminal, a word when it is off, a footer that says how to leave. */
export function ConsolePane({ domain, takesFocus = true }: Props) {
  const { uuid } = domain;
  const place = useRef<HTMLDivElement>(null);
  const session = useShownTerminal(uuid, place, takesFocus, domain.state);
  const [isSearching, setIsSearching] = useState(false);
  useEffect(() => {
    if (session === null) return;
    session.onFind = () => setIsSearching(true);
    return () => {
      session.onFind = null;
    };
  }, [session]);
  if (domain.isDomain0) {
    return (
      <Empty icon="console" title="Domain 0 has no console">
        <p>It is the host itself. Its log is on the command line: domus log</p>
      </Empty>
    );
  }
  return (
    <div
      className={styles.pane}
      onKeyDown={(event) => {
        if (!isLeaveConsoleKey(event.nativeEvent)) return;
        event.preventDefault();
        leaveConsole(event.currentTarget);
      }}
    >
      <div className={styles.screen}>
        <div ref={place} className={styles.place} />
        {isSearching && session !== null && (
          <ConsoleSearch session={session} onClose={() => setIsSearching(false)} />
        )}
        <OffNote domain={domain} />
      </div>
      {session !== null && (
        <ConsoleFooter domain={domain} session={session} onSearch={() => setIsSearching(true)} />
      )}
    </div>
  );
}

function useShownTerminal(
  uuid: string,
  place: React.RefObject<HTMLDivElement | null>,
  takesFocus: boolean,
  state: Domain['state'],
): TerminalSession | null {
  const { terminals } = useSite();
  const [session, setSession] = useState<TerminalSession | null>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const shown = terminals.show(uuid, element);
    setSession(shown);
    if (takesFocus) shown.focus();
    return () => {
      terminals.hide(uuid);
      setSession(null);
    };
  }, [terminals, uuid, place, takesFocus]);
  // A console that was refused, because the domain was off for instance, may be had now.
  useEffect(() => session?.link.reopen(), [session, state]);
  return session;
}

function OffNote({ domain }: { readonly domain: Domain }) {
  const { commands } = useSite();
  const main = mainAction(domain, commands);
  if (main === null) return null;
  return (
    <div className={styles.off} role="status">
      <span>
        {domain.name} is {stateWord(domain.state).toLowerCase()}
        {domain.reason !== null && `: ${domain.reason}`}
      </span>
      <Button kind="primary" icon={main.icon} onPress={main.run}>
        {main.label}
      </Button>
    </div>
  );
}
