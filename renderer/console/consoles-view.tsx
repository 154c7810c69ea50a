import { useEffect } from 'react';
import { Menu as AriaMenu, MenuTrigger } from 'react-aria-components';
import { navigate, routeHref } from '../app/route.ts';
import { Button, IconButton } from '../design/button.tsx';
import { Empty } from '../design/empty.tsx';
import menuStyles from '../design/menu.module.css';
import { MenuItem, MenuPopover } from '../design/menu.tsx';
import { DomainMark } from '../domains/domain-mark.tsx';
import { useDomain, useRoster } from '../site/queries.ts';
import { ConsolePane } from './console-pane.tsx';
import { rememberConsoles, shownConsoles } from './console-set.ts';
import styles from './consoles-view.module.css';

interface Props {
  readonly uuids: readonly string[];
}

/** Several consoles side by side. Which ones stands in the address. */
export function ConsolesView({ uuids }: Props) {
  useEffect(() => {
    if (uuids.length > 0) rememberConsoles(uuids);
    else if (shownConsoles().length > 0) show(shownConsoles());
  }, [uuids]);
  const close = (uuid: string) => {
    const left = uuids.filter((one) => one !== uuid);
    rememberConsoles(left);
    show(left);
  };
  return (
    <div className={styles.view}>
      <div className={styles.bar}>
        <h1>Consoles</h1>
        <AddConsole shown={uuids} />
      </div>
      {uuids.length === 0 ? (
        <Empty icon="console" title="No console is open here">
          <p>Add the consoles you want to see side by side.</p>
        </Empty>
      ) : (
        <div
          className={styles.panes}
          style={{ '--columns': Math.ceil(Math.sqrt(uuids.length)) } as object}
        >
          {uuids.map((uuid) => (
            <Pane key={uuid} uuid={uuid} onClose={() => close(uuid)} />
          ))}
        </div>
      )}
    </div>
  );
}

function Pane({ uuid, onClose }: { readonly uuid: string; readonly onClose: () => void }) {
  const domain = useDomain(uuid);
  return (
    <section className={styles.pane} aria-label={domain?.name ?? 'A deleted domain'}>
      <header className={styles.header}>
        {domain === undefined ? (
          <span>deleted</span>
        ) : (
          <>
            <DomainMark state={domain.state} />
            <a href={routeHref({ view: 'domain', uuid, tab: 'console' })}>{domain.name}</a>
            <span className={styles.host}>{domain.host}</span>
          </>
        )}
        <IconButton icon="close" label="Close this console" onPress={onClose} />
      </header>
      {domain !== undefined && <ConsolePane domain={domain} takesFocus={false} />}
    </section>
  );
}

function AddConsole({ shown }: { readonly shown: readonly string[] }) {
  const left = (useRoster() ?? []).filter(
    (entry) => !entry.isDomain0 && !shown.includes(entry.uuid),
  );
  return (
    <MenuTrigger>
      <Button icon="plus" isDisabled={left.length === 0}>
        Add console
      </Button>
      <MenuPopover placement="bottom end">
        <AriaMenu
          aria-label="Add console"
          className={menuStyles.menu!}
          items={left}
          onAction={(key) => show([...shown, String(key)])}
        >
          {(entry) => <MenuItem id={entry.uuid} label={entry.name} detail={entry.host} />}
        </AriaMenu>
      </MenuPopover>
    </MenuTrigger>
  );
}

function show(uuids: readonly string[]): void {
  navigate({ view: 'consoles', uuids });
}
