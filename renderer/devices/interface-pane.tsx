import { useMutation } from '@tanstack/react-query';
import type { Domain, Interface } from '../../shared/contract/schemas.ts';
import { CopyButton } from '../design/copy-button.tsx';
import { Fact, Facts } from '../design/facts.tsx';
import { FormError, Switch } from '../design/field.tsx';
import { bandwidth, count } from '../design/format.ts';
import { messageOf } from '../site/error-data.ts';
import { useDomainSample } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import { AccessPart } from './access-part.tsx';
import { CapturePart } from './capture-part.tsx';
import { CountersPart } from './counters-part.tsx';
import { DetachPart } from './detach-part.tsx';
import { interfaceName } from './device-name.ts';
import { DeviceRates } from './device-rates.tsx';
import styles from './devices.module.css';
import { ForwardPart } from './forward-part.tsx';
import { LimitsPart } from './limits-part.tsx';

interface Props {
  readonly domain: Domain;
  readonly card: Interface;
}

export function InterfacePane({ domain, card }: Props) {
  const isOff = domain.domid === null;
  const name = interfaceName(card);
  const when = isOff ? 'next' : 'now';
  return (
    <article className={styles.page} aria-label={name}>
      <div className={styles.head}>
        <h2>{name}</h2>
        <span className={styles.muted}>
          {isOff ? 'plugged in at the next start' : `on ${domain.host}`}
        </span>
      </div>
      <InterfaceRates uuid={domain.uuid} handle={card.handle} />
      <Facts>
        <Fact name="Cable" when={when}>
          <LinkSwitch domain={domain} card={card} />
        </Fact>
        <Fact name="Network" when="fixed">
          <a href="#/networks">{card.network}</a>
        </Fact>
        <Fact name="Address" when="fixed">
          {card.address} <CopyButton text={card.address} label="Copy the address" />
        </Fact>
        <Fact name="MAC address" when="fixed">
          <code>{card.mac}</code> <CopyButton text={card.mac} label="Copy the MAC address" />
        </Fact>
        <Fact name="Limits" when={when}>
          <LimitsPart domain={domain} card={card} />
        </Fact>
      </Facts>
      <ForwardPart domain={domain} card={card} />
      <AccessPart domain={domain} card={card} />
      <CountersPart domain={domain} card={card} />
      <CapturePart domain={domain} card={card} />
      <DetachInterface domain={domain} card={card} />
    </article>
  );
}

function InterfaceRates({ uuid, handle }: { readonly uuid: string; readonly handle: number }) {
  const sample = useDomainSample(uuid)?.interfaces.find((one) => one.handle === handle);
  return (
    <DeviceRates
      uuid={uuid}
      device={handle}
      format={bandwidth}
      rates={[
        {
          word: 'Received',
          column: 'into',
          bytesPerSecond: sample?.receivedBytesPerSecond ?? null,
          detail: sample === undefined ? '' : `${count(sample.receivedFramesPerSecond)} frames/s`,
        },
        {
          word: 'Sent',
          column: 'outOf',
          bytesPerSecond: sample?.sentBytesPerSecond ?? null,
          detail: sample === undefined ? '' : `${count(sample.sentFramesPerSecond)} frames/s`,
        },
      ]}
    />
  );
}

/** Shows what was asked until the stream tells what is. */
function LinkSwitch({ domain, card }: Props) {
  const { queries } = useSite();
  const set = useMutation(queries.domains.setInterface.mutationOptions());
  const isUp = set.isPending ? (set.variables.linkUp ?? card.linkUp) : card.linkUp;
  return (
    <>
      <Switch
        isSelected={isUp}
        onChange={(linkUp) => set.mutate({ domain: domain.uuid, handle: card.handle, linkUp })}
      >
        {isUp ? 'Plugged in' : 'Pulled out: the guest sees no link'}
      </Switch>
      <FormError message={messageOf(set.error)} />
    </>
  );
}

function DetachInterface({ domain, card }: Props) {
  const { queries } = useSite();
  const detach = useMutation(queries.domains.detachInterface.mutationOptions());
  const name = interfaceName(card);
  return (
    <DetachPart
      domain={domain}
      device={name}
      task={detach.data}
      isAsking={detach.isPending}
      refusal={detach.error}
      run={() => detach.mutate({ domain: domain.uuid, handle: card.handle })}
      kept={`Its address ${card.address} becomes free, and its forwards end.`}
      advice={`Take ${name} down in the guest (ip link set ${name} down), then try again. Or shut ${domain.name} down: then it is taken away without asking.`}
    />
  );
}
