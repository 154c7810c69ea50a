import { useQuery } from '@tanstack/react-query';
import { SubmenuTrigger } from 'react-aria-components';
import type { Domain, MigrationTarget } from '../../shared/contract/schemas.ts';
import { overlay } from '../app/overlays.ts';
import { Menu, MenuItem, MenuPopover, MenuSeparator } from '../design/menu.tsx';
import { messageOf } from '../site/error-data.ts';
import { useSite } from '../site/site.ts';
import { ProtectMenu } from './protection.tsx';
import { type DomainAction, openAction, otherActions, powerActions } from './actions.ts';
import { moveCost } from './move-cost.ts';

interface Props {
  readonly domain: Domain;
  /** A list's row offers to open the page and the power actions; the page's own menu does not. */
  readonly place: 'row' | 'page';
  readonly onClose: () => void;
}

export function DomainMenu({ domain, place, onClose }: Props) {
  const { commands } = useSite();
  const first = place === 'row' ? [openAction(domain), ...powerActions(domain, commands)] : [];
  const others = otherActions(domain, commands);
  const run = (actions: readonly DomainAction[]) => (key: unknown) => {
    onClose();
    actions.find((action) => action.id === key)?.run();
  };
  return (
    <Menu aria-label={domain.name} onAction={run([...first, ...others])} autoFocus="first">
      {first.map(actionItem)}
      {first.length > 0 && <MenuSeparator />}
      <SubmenuTrigger>
        <MenuItem id="move" icon="move" label="Move to" />
        <MenuPopover offset={-4} placement="end top">
          <MoveMenu domain={domain} onClose={onClose} />
        </MenuPopover>
      </SubmenuTrigger>
      {domain.protection === null && (
        <SubmenuTrigger>
          <MenuItem id="protect" icon="shield" label="Protect on" />
          <MenuPopover offset={-4} placement="end top">
            <ProtectMenu domain={domain} onClose={onClose} />
          </MenuPopover>
        </SubmenuTrigger>
      )}
      {others.map(actionItem)}
    </Menu>
  );
}

function actionItem({ id, label, icon, danger }: DomainAction) {
  return <MenuItem key={id} id={id} label={label} icon={icon} danger={danger ?? false} />;
}

/** No host can be called that. */
const WITH_OPTIONS = 'with options';

interface MoveProps {
  readonly domain: Domain;
  readonly onClose: () => void;
}

/** Every other host; those that cannot take it stay visible, with the reason. */
function MoveMenu({ domain, onClose }: MoveProps) {
  const { commands, queries } = useSite();
  const targets = useQuery({
    ...queries.domains.migrationTargets.queryOptions({ input: { domain: domain.uuid } }),
    staleTime: 0,
  });
  const others = targets.data?.filter((target) => target.host !== domain.host) ?? [];
  const disabled = others.filter((target) => !target.possible).map((target) => target.host);
  return (
    <Menu
      aria-label={`Move ${domain.name} to`}
      disabledKeys={[...disabled, 'none']}
      onAction={(host) => {
        onClose();
        if (host === WITH_OPTIONS) overlay.set({ kind: 'move', uuid: domain.uuid });
        else commands.migrate(domain, String(host));
      }}
    >
      {others.length === 0 && (
        <MenuItem
          id="none"
          label={targets.isPending ? 'Looking at the hosts …' : 'No other host'}
          detail={messageOf(targets.error)}
        />
      )}
      {others.map((target) => (
        <MenuItem
          key={target.host}
          id={target.host}
          icon="host"
          label={target.host}
          detail={targetDetail(target)}
        />
      ))}
      <MenuItem
        id={WITH_OPTIONS}
        icon="move"
        label="With options…"
        detail="Limit the stop or the rate; let it be slowed down."
      />
    </Menu>
  );
}

function targetDetail(target: MigrationTarget): string {
  return target.reason ?? moveCost(target);
}
