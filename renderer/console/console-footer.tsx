import type { Domain } from '../../shared/contract/schemas.ts';
import { addConsole } from './console-set.ts';
import { navigate, routeHref, useRoute } from '../app/route.ts';
import { leaveConsoleKey } from '../app/shortcuts.ts';
import { IconButton } from '../design/button.tsx';
import { useSite } from '../site/site.ts';
import { useValue } from '../state/value.ts';
import styles from './console-footer.module.css';
import type { ConsoleStatus } from './console-link.ts';
import type { TerminalSession } from './terminal-session.ts';

interface Props {
  readonly domain: Domain;
  readonly session: TerminalSession;
  readonly onSearch: () => void;
}

/** The console's state, the key that gives the keyboard back, and what else can be done. */
export function ConsoleFooter({ domain, session, onSearch }: Props) {
  const { transport } = useSite();
  const route = useRoute();
  const status = useValue(session.link.status);
  const { columns, rows } = useValue(session.size);
  return (
    <footer className={styles.footer}>
      <span className={styles.link} data-link={status.link} role="status">
        {statusSentence(status, domain)}
      </span>
      {/* Without a console there is none to leave, and its reason needs the room. */}
      <span className={styles.keys}>
        {status.error === null && (
          <>
            <kbd>{leaveConsoleKey}</kbd> leaves the console
          </>
        )}
      </span>
      <span className={styles.size}>
        {columns} × {rows}
      </span>
      <IconButton icon="search" label="Search" shortcut="Ctrl-Shift-F" onPress={onSearch} />
      {route.view === 'domain' && (
        <IconButton
          icon="split"
          label="Show among consoles"
          onPress={() => navigate({ view: 'consoles', uuids: addConsole(domain.uuid) })}
        />
      )}
      {route.view !== 'window' && transport.home === 'browser' && (
        <IconButton
          icon="popOut"
          label="Open in a window of its own"
          onPress={() => popOut(domain.uuid)}
        />
      )}
    </footer>
  );
}

function statusSentence({ link, error }: ConsoleStatus, { state }: Domain): string {
  if (state === 'starting' && link !== 'open') return 'Waiting for it to start …';
  if (error !== null) return error.message;
  switch (link) {
    case 'opening':
      return 'Connecting …';
    case 'open':
      return 'Connected';
    case 'lost':
      return 'Disconnected, trying again …';
  }
}

/** The new window gets a copy of this one's session storage, and with it the token. */
function popOut(uuid: string): void {
  const address = `${location.pathname}${location.search}${routeHref({ view: 'window', uuid })}`;
  window.open(address, `domus-console-${uuid}`, 'popup,width=860,height=560');
}
