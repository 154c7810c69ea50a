import type { ReactNode } from 'react';
import type { Domain } from '../../shared/contract/schemas.ts';
import { navigate, replaceRoute } from '../app/route.ts';
import { Button } from '../design/button.tsx';
import { Empty } from '../design/empty.tsx';
import { bandwidth, rate, size } from '../design/format.ts';
import { Icon, type IconName } from '../design/icon.tsx';
import { Choice, ChoiceGroup, ChoiceList, ListAndPane } from '../design/list-and-pane.tsx';
import { useDomainSample } from '../site/queries.ts';
import { AttachDiskPane } from './attach-disk-pane.tsx';
import { AttachInterfacePane } from './attach-interface-pane.tsx';
import { ADD_DISK, ADD_INTERFACE, deviceRoute, interfaceName } from './device-name.ts';
import styles from './devices.module.css';
import { DiskPane } from './disk-pane.tsx';
import { sourceName } from './disk-source.ts';
import { InterfacePane } from './interface-pane.tsx';

interface Props {
  readonly domain: Domain;
  /** What the address asks for; may be gone. */
  readonly device: string | undefined;
}

/** A domain's disks and interfaces: the list at the left, one of them at the right. */
export function DevicesTab({ domain, device }: Props) {
  if (domain.isDomain0) {
    return (
      <Empty icon="host" title="Domain 0 has no devices of its own">
        <p>It drives those of all other domains on {domain.host}.</p>
      </Empty>
    );
  }
  const shown = shownDevice(domain, device);
  return (
    <ListAndPane list={<DeviceList domain={domain} shown={shown} />}>
      <Pane key={shown} domain={domain} shown={shown} />
    </ListAndPane>
  );
}

/** What was asked for, or the first device; undefined where there is none. */
function shownDevice(domain: Domain, asked: string | undefined): string | undefined {
  const devices = [
    ...domain.disks.map(({ name }) => name),
    ...domain.interfaces.map(interfaceName),
  ];
  const known = asked !== undefined && [...devices, ADD_DISK, ADD_INTERFACE].includes(asked);
  return known ? asked : devices[0];
}

function Pane({ domain, shown }: { domain: Domain; shown: string | undefined }) {
  if (shown === ADD_DISK) return <AttachDiskPane domain={domain} />;
  if (shown === ADD_INTERFACE) return <AttachInterfacePane domain={domain} />;
  const disk = domain.disks.find(({ name }) => name === shown);
  if (disk !== undefined) return <DiskPane domain={domain} disk={disk} />;
  const card = domain.interfaces.find((one) => interfaceName(one) === shown);
  if (card !== undefined) return <InterfacePane domain={domain} card={card} />;
  return (
    <Empty icon="disk" title={`${domain.name} has no disk and no interface`}>
      <p>Both can be plugged in while it runs: the guest sees them at once.</p>
    </Empty>
  );
}

function DeviceList({ domain, shown }: { domain: Domain; shown: string | undefined }) {
  const { disks, interfaces } = domain;
  const add = (device: string) => navigate(deviceRoute(domain, device));
  return (
    <>
      <ChoiceList
        label={`Devices of ${domain.name}`}
        chosen={shown}
        onChoose={(device) => replaceRoute(deviceRoute(domain, device))}
      >
        {disks.length > 0 && (
          <ChoiceGroup title="Disks">
            {disks.map(({ name, source, bytes }) => (
              <Choice key={name} id={name} textValue={name}>
                <DeviceLine
                  icon="disk"
                  name={name}
                  facts={`${bytes === null ? '' : `${size(bytes)} · `}${sourceName(source)}`}
                >
                  <DiskRate uuid={domain.uuid} name={name} />
                </DeviceLine>
              </Choice>
            ))}
          </ChoiceGroup>
        )}
        {interfaces.length > 0 && (
          <ChoiceGroup title="Interfaces">
            {interfaces.map((card) => (
              <Choice key={card.handle} id={interfaceName(card)} textValue={interfaceName(card)}>
                <DeviceLine
                  icon="card"
                  name={interfaceName(card)}
                  facts={`${card.network} · ${card.address}`}
                >
                  {card.linkUp ? (
                    <InterfaceRate uuid={domain.uuid} handle={card.handle} />
                  ) : (
                    'unplugged'
                  )}
                </DeviceLine>
              </Choice>
            ))}
          </ChoiceGroup>
        )}
      </ChoiceList>
      <div className={styles.add}>
        <Button icon="plus" onPress={() => add(ADD_DISK)}>
          Add disk
        </Button>
        <Button icon="plus" onPress={() => add(ADD_INTERFACE)}>
          Add interface
        </Button>
      </div>
    </>
  );
}

interface LineProps {
  readonly icon: IconName;
  readonly name: string;
  readonly facts: string;
  readonly children: ReactNode;
}

function DeviceLine({ icon, name, facts, children }: LineProps) {
  return (
    <div className={styles.line}>
      <Icon name={icon} />
      <span className={styles.name}>{name}</span>
      <span className={styles.rate}>{children}</span>
      <span className={styles.facts}>{facts}</span>
    </div>
  );
}

function DiskRate({ uuid, name }: { readonly uuid: string; readonly name: string }) {
  const sample = useDomainSample(uuid)?.disks.find((one) => one.name === name);
  if (sample === undefined) return null;
  return <>{rate(sample.readBytesPerSecond + sample.writtenBytesPerSecond)}</>;
}

function InterfaceRate({ uuid, handle }: { readonly uuid: string; readonly handle: number }) {
  const sample = useDomainSample(uuid)?.interfaces.find((one) => one.handle === handle);
  if (sample === undefined) return null;
  return <>{bandwidth(sample.sentBytesPerSecond + sample.receivedBytesPerSecond)}</>;
}
