import { Fragment } from 'react';
import { MenuTrigger } from 'react-aria-components';
import { Button, IconButton } from '../design/button.tsx';
import { Menu, MenuItem, MenuPopover } from '../design/menu.tsx';
import { useDomain } from '../site/queries.ts';
import { useValue } from '../state/value.ts';
import { overlay } from './overlays.ts';
import { type Route, routeHref } from './route.ts';
import { SearchField } from './search-field.tsx';
import { paletteKey } from './shortcuts.ts';
import { chooseTheme, theme, type Theme } from './theme.ts';
import styles from './toolbar.module.css';

export function Toolbar({ route }: { readonly route: Route }) {
  return (
    <>
      <Breadcrumb route={route} />
      <SearchField />
      <Button icon="plus" kind="primary" onPress={() => overlay.set({ kind: 'create-domain' })}>
        New domain
      </Button>
      <Button
        kind="quiet"
        onPress={() => overlay.set({ kind: 'palette' })}
        aria-label={`Commands ${paletteKey}`}
      >
        <kbd>{paletteKey}</kbd>
      </Button>
      <ThemeMenu />
      <IconButton
        icon="help"
        label="Keys"
        shortcut="?"
        onPress={() => overlay.set({ kind: 'help' })}
      />
    </>
  );
}

interface Crumb {
  readonly label: string;
  readonly href: string | null;
}

function Breadcrumb({ route }: { readonly route: Route }) {
  const domain = useDomain(route.view === 'domain' ? route.uuid : '');
  const crumbs: Crumb[] = [{ label: 'Site', href: route.view === 'site' ? null : '#/' }];
  if (route.view === 'host') crumbs.push({ label: route.host, href: null });
  if (route.view === 'domain' && domain !== undefined) {
    crumbs.push({ label: domain.host, href: routeHref({ view: 'host', host: domain.host }) });
    crumbs.push({ label: domain.name, href: null });
  }
  if (route.view in VIEW_NAMES) {
    crumbs.push({ label: VIEW_NAMES[route.view as keyof typeof VIEW_NAMES], href: null });
  }
  return (
    <nav className={styles.crumbs} aria-label="Where you are">
      {crumbs.map(({ label, href }, index) => (
        <Fragment key={label}>
          {index > 0 && <span aria-hidden="true">/</span>}
          {href === null ? <span aria-current="page">{label}</span> : <a href={href}>{label}</a>}
        </Fragment>
      ))}
    </nav>
  );
}

const VIEW_NAMES = {
  consoles: 'Consoles',
  images: 'Images',
  storage: 'Storage',
  networks: 'Networks',
  tasks: 'Tasks',
  events: 'Events',
} as const;

const THEMES: readonly { readonly id: Theme; readonly label: string }[] = [
  { id: 'system', label: 'As the system' },
  { id: 'light', label: 'Light' },
  { id: 'dark', label: 'Dark' },
];

function ThemeMenu() {
  const chosen = useValue(theme);
  return (
    <MenuTrigger>
      <IconButton icon="theme" label="Light or dark" />
      <MenuPopover placement="bottom end">
        <Menu
          aria-label="Light or dark"
          selectionMode="single"
          selectedKeys={[chosen]}
          onAction={(key) => chooseTheme(key as Theme)}
        >
          {THEMES.map(({ id, label }) => (
            <MenuItem
              key={id}
              id={id}
              label={label}
              {...(id === chosen ? { icon: 'check' as const } : {})}
            />
          ))}
        </Menu>
      </MenuPopover>
    </MenuTrigger>
  );
}
