import type { QueryClient } from '@tanstack/react-query';
import type { Domain, Forward, Host, Networking, Pool } from '../../shared/contract/schemas.ts';
import { ADD_DISK, ADD_INTERFACE, deviceRoute, interfaceName } from '../devices/device-name.ts';
import { forwardUse } from '../devices/forward-use.ts';
import { openAction, otherActions, powerActions } from '../domains/actions.ts';
import type { IconName } from '../design/icon.tsx';
import type { Commands } from '../site/commands.ts';
import { keys, type RosterEntry } from '../site/keys.ts';
import type { PaletteEntry } from './find-entries.ts';
import { overlay } from './overlays.ts';
import { navigate } from './route.ts';
import { chooseTheme } from './theme.ts';

export function paletteEntries(
  cache: QueryClient,
  commands: Commands,
  hosts: readonly Host[],
): readonly PaletteEntry[] {
  const roster = cache.getQueryData<readonly RosterEntry[]>(keys.roster) ?? [];
  const guests = roster
    .filter((entry) => !entry.isDomain0)
    .map((entry) => cache.getQueryData<Domain>(keys.domain(entry.uuid)))
    .filter((domain) => domain !== undefined);
  return [
    ...pages(),
    ...hosts.map((host) =>
      makeEntry(`host-${host.name}`, `Host ${host.name}`, null, 'host', () =>
        navigate({ view: 'host', host: host.name }),
      ),
    ),
    ...guests.map((domain) => {
      const open = openAction(domain);
      const entry = makeEntry(domain.uuid, domain.name, domain.host, open.icon, open.run);
      return { ...entry, label: `Open ${domain.name}` };
    }),
    ...guests.flatMap((domain) => domainEntries(domain, commands)),
    ...guests.flatMap(deviceEntries),
    ...(cache.getQueryData<readonly Pool[]>(keys.pools) ?? []).flatMap(poolEntries),
    ...(cache.getQueryData<Networking>(keys.networking)?.forwards ?? []).flatMap(forwardEntries),
  ];
}

function pages(): PaletteEntry[] {
  return [
    makeEntry('site', 'Go to the site', null, 'site', () => navigate({ view: 'site' })),
    makeEntry('new', 'New domain', null, 'plus', () => overlay.set({ kind: 'create-domain' })),
    makeEntry('host', 'Add host', null, 'plus', () => overlay.set({ kind: 'add-host' })),
    makeEntry('images', 'Images', null, 'image', () => navigate({ view: 'images' })),
    makeEntry('storage', 'Storage', null, 'storage', () =>
      navigate({ view: 'storage', pool: null }),
    ),
    makeEntry('add-pool', 'Add pool', null, 'plus', () => overlay.set({ kind: 'add-pool' })),
    makeEntry('networks', 'Networks', null, 'network', () => navigate({ view: 'networks' })),
    makeEntry('add-network', 'Add network', null, 'plus', () =>
      overlay.set({ kind: 'add-network' }),
    ),
    makeEntry('consoles', 'Consoles', null, 'console', () =>
      navigate({ view: 'consoles', uuids: [] }),
    ),
    makeEntry('tasks', 'Tasks', null, 'tasks', () => navigate({ view: 'tasks' })),
    makeEntry('events', 'Events', null, 'events', () => navigate({ view: 'events' })),
    makeEntry('keys', 'Keys', null, 'help', () => overlay.set({ kind: 'help' })),
    makeEntry('light', 'Theme: light', null, 'theme', () => chooseTheme('light')),
    makeEntry('dark', 'Theme: dark', null, 'theme', () => chooseTheme('dark')),
    makeEntry('system', 'Theme: as the system', null, 'theme', () => chooseTheme('system')),
  ];
}

function domainEntries(domain: Domain, commands: Commands): PaletteEntry[] {
  return [...powerActions(domain, commands), ...otherActions(domain, commands)].map((action) =>
    makeEntry(
      `${domain.uuid}-${action.id}`,
      `${domain.name}: ${action.label}`,
      domain.host,
      action.icon,
      action.run,
    ),
  );
}

/** A device by what it is called, and by its address or its content. */
function deviceEntries(domain: Domain): PaletteEntry[] {
  const entry = (device: string, label: string, detail: string | null, icon: IconName) =>
    makeEntry(
      `${domain.uuid}-${device}`,
      `${domain.name}: ${label}`,
      detail ?? domain.host,
      icon,
      () => navigate(deviceRoute(domain, device)),
    );
  return [
    ...domain.disks.map(({ name, source }) => entry(name, `disk ${name}`, source, 'disk')),
    ...domain.interfaces.map((card) =>
      entry(
        interfaceName(card),
        `interface ${interfaceName(card)}`,
        `${card.network} ${card.address}`,
        'card',
      ),
    ),
    entry(ADD_DISK, 'Add disk', null, 'plus'),
    entry(ADD_INTERFACE, 'Add interface', null, 'plus'),
  ];
}

function poolEntries({ name }: Pool): PaletteEntry[] {
  return [
    makeEntry(`pool-${name}`, `Pool ${name}`, null, 'storage', () =>
      navigate({ view: 'storage', pool: name }),
    ),
    makeEntry(`pool-${name}-new`, `New volume in ${name}`, null, 'plus', () =>
      overlay.set({ kind: 'create-volume', pool: name, over: null }),
    ),
  ];
}

/** Those that a browser can open. */
function forwardEntries(forward: Forward): PaletteEntry[] {
  const use = forwardUse(forward);
  if (use.kind !== 'open' || forward.fault !== null) return [];
  return [
    makeEntry(
      `forward-${forward.port}`,
      `Browse ${forward.domain}:${forward.toPort}`,
      use.href,
      'globe',
      () => void window.open(use.href, '_blank', 'noreferrer'),
    ),
  ];
}

function makeEntry(
  id: string,
  label: string,
  detail: string | null,
  icon: IconName,
  run: () => void,
): PaletteEntry {
  return { id, label, detail, icon, hay: `${label} ${detail ?? ''}`.toLowerCase(), run };
}
