import { useState } from 'react';
import { MenuTrigger } from 'react-aria-components';
import type { Domain } from '../../shared/contract/schemas.ts';
import { Button, IconButton } from '../design/button.tsx';
import { MenuPopover, Menu, MenuItem } from '../design/menu.tsx';
import { Since } from '../design/time.tsx';
import { useRunningTask } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import { mainAction, powerActions } from './actions.ts';
import styles from './domain-header.module.css';
import { DomainMark } from './domain-mark.tsx';
import { DomainMenu } from './domain-menu.tsx';
import { stateWord } from './state-word.ts';

export function DomainHeader({ domain }: { readonly domain: Domain }) {
  return (
    <header className={styles.header}>
      <DomainMark state={domain.state} />
      <div className={styles.words}>
        <h1>{domain.name}</h1>
        <p className={styles.state}>
          <StateSentence domain={domain} />
        </p>
      </div>
      {!domain.isDomain0 && <Controls domain={domain} />}
    </header>
  );
}

/** `Running on alpha for 3 h`, or what it is at, or why it stopped. */
function StateSentence({ domain }: { readonly domain: Domain }) {
  const task = useRunningTask(domain.uuid);
  if (task !== undefined) {
    return (
      <>
        {task.title}
        {task.detail !== null && ` – ${task.detail}`}
      </>
    );
  }
  const where = `${stateWord(domain.state)} on ${domain.host}`;
  if (domain.state === 'running' && domain.startedAtMs !== null) {
    return (
      <>
        {where} for <Since timeMs={domain.startedAtMs} />
        {domain.protection !== null && `, protected on ${domain.protection.host}`}
      </>
    );
  }
  if (domain.wasRunning) return <>{where}; it was running when Domus stopped</>;
  return <>{domain.reason === null ? where : `${where}: ${domain.reason}`}</>;
}

/** The button for what is wanted most, then the others by weight; the rest in a menu. */
function Controls({ domain }: { readonly domain: Domain }) {
  const { commands } = useSite();
  const main = mainAction(domain, commands);
  const isRunning = domain.state === 'running';
  return (
    <div className={styles.controls}>
      {main !== null && (
        <Button kind="primary" icon={main.icon} onPress={main.run}>
          {main.label}
        </Button>
      )}
      {isRunning && (
        <>
          <Button icon="pause" onPress={() => commands.pause(domain)}>
            Pause
          </Button>
          <Button icon="power" onPress={() => commands.shutdown(domain)}>
            Shut down
          </Button>
        </>
      )}
      <PowerMenu domain={domain} />
      <MoreMenu domain={domain} />
    </div>
  );
}

/** What has no button of its own: rebooting, forcing off. */
function PowerMenu({ domain }: { readonly domain: Domain }) {
  const { commands } = useSite();
  const actions = powerActions(domain, commands).filter(
    ({ id }) => id === 'reboot' || id === 'force-off',
  );
  if (actions.length === 0) return null;
  return (
    <MenuTrigger>
      <IconButton icon="down" kind="normal" label="More ways to stop" />
      <MenuPopover placement="bottom end">
        <Menu
          aria-label="More ways to stop"
          onAction={(key) => actions.find((action) => action.id === key)?.run()}
        >
          {actions.map(({ id, label, icon, danger }) => (
            <MenuItem key={id} id={id} label={label} icon={icon} danger={danger ?? false} />
          ))}
        </Menu>
      </MenuPopover>
    </MenuTrigger>
  );
}

function MoreMenu({ domain }: { readonly domain: Domain }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <MenuTrigger isOpen={isOpen} onOpenChange={setIsOpen}>
      <IconButton icon="more" kind="normal" label={`More for ${domain.name}`} />
      <MenuPopover placement="bottom end">
        <DomainMenu domain={domain} place="page" onClose={() => setIsOpen(false)} />
      </MenuPopover>
    </MenuTrigger>
  );
}
