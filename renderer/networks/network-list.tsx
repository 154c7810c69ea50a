import { MenuTrigger } from 'react-aria-components';
import { type Network, NetworkKind } from '../../shared/contract/schemas.ts';
import { IconButton } from '../design/button.tsx';
import { CompactSelect } from '../design/compact-field.tsx';
import { Switch } from '../design/field.tsx';
import { Menu, MenuItem, MenuPopover } from '../design/menu.tsx';
import pageStyles from '../design/page.module.css';
import { useSite } from '../site/site.ts';
import type { PluggedGuest } from './map-layout.ts';
import { KIND_NAMES, KIND_WORDS } from './network-kind.ts';
import styles from './networks.module.css';

interface Props {
  readonly networks: readonly Network[];
  readonly guests: readonly PluggedGuest[];
}

/** Whom each network's guests reach is changed in place, and takes effect at once. */
export function NetworkList({ networks, guests }: Props) {
  return (
    <section className={styles.part} aria-labelledby="all-networks">
      <h2 id="all-networks">Networks</h2>
      <div className={pageStyles.scrolls}>
        <table className={pageStyles.table}>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Kind</th>
              <th scope="col">Subnet</th>
              <th scope="col">Gateway</th>
              <th scope="col">MTU</th>
              <th scope="col">Reaches this machine</th>
              <th scope="col">Interfaces</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {networks.map((network) => (
              <NetworkRow
                key={network.name}
                network={network}
                interfaces={countOn(network.name, guests)}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function NetworkRow({ network, interfaces }: { network: Network; interfaces: number }) {
  const { commands } = useSite();
  const { name, kind, subnet, gateway, mtu, reachesMachine } = network;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td title={KIND_WORDS[kind]}>
        <CompactSelect
          label={`Kind of ${name}`}
          options={KIND_NAMES}
          value={kind}
          onChange={(next) => commands.setNetwork(name, { kind: NetworkKind.parse(next) })}
        />
      </td>
      <td>{subnet}</td>
      <td>{gateway}</td>
      <td>{mtu}</td>
      <td>
        {kind === 'outside' ? (
          <Switch
            label={`${name} reaches this machine`}
            isSelected={reachesMachine}
            onChange={(next) => commands.setNetwork(name, { reachesMachine: next })}
          >
            {reachesMachine ? 'yes' : 'no'}
          </Switch>
        ) : (
          <span className={styles.muted}>no</span>
        )}
      </td>
      <td>{interfaces}</td>
      <td>
        <MenuTrigger>
          <IconButton icon="more" label={`More for ${name}`} />
          <MenuPopover placement="bottom end">
            <Menu
              aria-label={name}
              disabledKeys={interfaces > 0 ? ['remove'] : []}
              onAction={() => commands.removeNetwork(name)}
            >
              <MenuItem
                id="remove"
                icon="trash"
                label="Remove network"
                detail={
                  interfaces > 0
                    ? `${interfaces} interface${interfaces === 1 ? ' is' : 's are'} on it. Detach them first.`
                    : null
                }
                danger
              />
            </Menu>
          </MenuPopover>
        </MenuTrigger>
      </td>
    </tr>
  );
}

function countOn(network: string, guests: readonly PluggedGuest[]): number {
  return guests.reduce(
    (sum, { plugs }) => sum + plugs.filter((plug) => plug.network === network).length,
    0,
  );
}
