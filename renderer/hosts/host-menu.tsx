import { MenuTrigger } from 'react-aria-components';
import type { Host } from '../../shared/contract/schemas.ts';
import { IconButton } from '../design/button.tsx';
import { Menu, MenuItem, MenuPopover, MenuSeparator } from '../design/menu.tsx';
import { useSite } from '../site/site.ts';

/** What can be done with a host. */
export function HostMenu({ host }: { readonly host: Host }) {
  const { commands } = useSite();
  const actions: Record<string, () => void> = {
    drain: () => commands.drainHost(host.name),
    undrain: () => commands.undrainHost(host.name),
    remove: () => commands.removeHost(host.name),
  };
  return (
    <MenuTrigger>
      <IconButton icon="more" label={`More for ${host.name}`} />
      <MenuPopover placement="bottom end">
        <Menu aria-label={host.name} onAction={(key) => actions[String(key)]?.()}>
          <MenuItem
            id="drain"
            icon="move"
            label="Drain"
            detail="Moves all domains to other hosts; new ones go elsewhere too."
          />
          {host.drained && (
            <MenuItem
              id="undrain"
              icon="check"
              label="Take domains again"
              detail="New domains may be placed here."
            />
          )}
          <MenuSeparator />
          <MenuItem
            id="remove"
            icon="trash"
            label="Remove host"
            detail="Only one without domains can be removed."
            danger
          />
        </Menu>
      </MenuPopover>
    </MenuTrigger>
  );
}
