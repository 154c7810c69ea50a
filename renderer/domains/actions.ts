/**
 * What can be done with a domain in its present state: the one list behind the header, the row's
 * menu and the command palette.
 */
import type { Domain } from '../../shared/contract/schemas.ts';
import { addConsole } from '../console/console-set.ts';
import { navigate, openDomain } from '../app/route.ts';
import { overlay } from '../app/overlays.ts';
import type { IconName } from '../design/icon.tsx';
import type { Commands } from '../site/commands.ts';

export interface DomainAction {
  readonly id: string;
  readonly label: string;
  readonly icon: IconName;
  /** Loses something: set apart and coloured. */
  readonly danger?: boolean;
  run(): void;
}

/** The one thing a person most likely wants now; null while the domain is busy. */
export function mainAction(domain: Domain, commands: Commands): DomainAction | null {
  switch (domain.state) {
    case 'shut-off':
      return {
        id: 'start',
        label: domain.wasRunning ? 'Run again' : 'Run',
        icon: 'run',
        run: () => commands.start(domain),
      };
    case 'saved':
      return { id: 'start', label: 'Restore', icon: 'run', run: () => commands.start(domain) };
    case 'crashed':
      return { id: 'start', label: 'Restart', icon: 'reboot', run: () => commands.start(domain) };
    case 'paused':
      return { id: 'unpause', label: 'Resume', icon: 'run', run: () => commands.unpause(domain) };
    case 'running':
    case 'starting':
    case 'shutting-down':
    case 'migrating':
      return null;
  }
}

/** Life and death, in the order of their weight. */
export function powerActions(domain: Domain, commands: Commands): DomainAction[] {
  const main = mainAction(domain, commands);
  const actions = main === null ? [] : [main];
  if (domain.state === 'running') {
    actions.push(
      { id: 'save', label: 'Save', icon: 'download', run: () => commands.save(domain) },
      { id: 'pause', label: 'Pause', icon: 'pause', run: () => commands.pause(domain) },
      { id: 'shutdown', label: 'Shut down', icon: 'power', run: () => commands.shutdown(domain) },
      { id: 'reboot', label: 'Reboot', icon: 'reboot', run: () => commands.reboot(domain) },
    );
  }
  if (domain.state !== 'shut-off' && domain.state !== 'crashed') {
    actions.push({
      id: 'force-off',
      label: domain.state === 'saved' ? 'Give up saved state…' : 'Force off…',
      icon: 'cross',
      danger: true,
      run: () => overlay.set({ kind: 'force-off', uuid: domain.uuid }),
    });
  }
  return actions;
}

export function otherActions(domain: Domain, commands: Commands): DomainAction[] {
  return [
    ...(domain.protection === null ? [] : [endOfProtection(domain, commands)]),
    {
      id: 'rename',
      label: 'Rename…',
      icon: 'rename',
      run: () => overlay.set({ kind: 'rename', uuid: domain.uuid }),
    },
    ...(domain.state === 'running'
      ? [
          {
            id: 'clone',
            label: 'Clone…',
            icon: 'copy' as const,
            run: () => overlay.set({ kind: 'clone', uuid: domain.uuid }),
          },
        ]
      : []),
    {
      id: 'split',
      label: 'Show among consoles',
      icon: 'split',
      run: () => navigate({ view: 'consoles', uuids: addConsole(domain.uuid) }),
    },
    deletion(domain, commands),
  ];
}

function endOfProtection(domain: Domain, commands: Commands): DomainAction {
  return {
    id: 'unprotect',
    label: 'End protection',
    icon: 'shield',
    run: () => commands.unprotect(domain),
  };
}

export function openAction(domain: Domain): DomainAction {
  return { id: 'open', label: 'Open', icon: 'console', run: () => openDomain(domain.uuid) };
}

/** One that runs loses its memory for good and is asked about; else it is done, and can be undone. */
function deletion(domain: Domain, commands: Commands): DomainAction {
  const runs = domain.domid !== null;
  return {
    id: 'delete',
    label: runs ? 'Delete…' : 'Delete',
    icon: 'trash',
    danger: true,
    run: () => {
      if (runs) overlay.set({ kind: 'force-delete', uuid: domain.uuid });
      else commands.delete(domain);
    },
  };
}

/** Only these can move; for the others the reason is said where a person looks for it. */
export function canMove(domain: Pick<Domain, 'state' | 'isDomain0'>): boolean {
  return !domain.isDomain0 && (domain.state === 'running' || domain.state === 'paused');
}
