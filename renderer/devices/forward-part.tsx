import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Form } from 'react-aria-components';
import type { Domain, Interface } from '../../shared/contract/schemas.ts';
import { Button } from '../design/button.tsx';
import { CompactSelect } from '../design/compact-field.tsx';
import { WhenTag } from '../design/facts.tsx';
import { FormError, NumberField } from '../design/field.tsx';
import { messageOf } from '../site/error-data.ts';
import { useNetworking } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import { ForwardList } from './forward-list.tsx';
import styles from './devices.module.css';

const MOST_PORT = 65_535;
const PLAIN = { useGrouping: false } as const;
const PROTOCOLS = { tcp: 'TCP', udp: 'UDP' } as const;

interface Props {
  readonly domain: Domain;
  readonly card: Interface;
}

/** Ports of this machine that lead to this interface, as links; and one more. */
export function ForwardPart({ domain, card }: Props) {
  const [isAdding, setIsAdding] = useState(false);
  const forwards = (useNetworking()?.forwards ?? []).filter(
    (one) => one.domain === domain.name && one.handle === card.handle,
  );
  return (
    <section className={styles.part} aria-labelledby="forwards">
      <div className={styles.head}>
        <h3 id="forwards">Forwards</h3>
        <WhenTag when="now" />
        <Button icon="plus" isDisabled={isAdding} onPress={() => setIsAdding(true)}>
          Add forward
        </Button>
      </div>
      {isAdding && <AddForward domain={domain} card={card} onDone={() => setIsAdding(false)} />}
      {forwards.length > 0 && (
        <ForwardList label={`Forwards to ${domain.name}`} forwards={forwards} />
      )}
      {forwards.length === 0 && !isAdding && (
        <p className={styles.muted}>
          None. A forward lets a port of this machine lead into the guest: to its ssh or its web
          server.
        </p>
      )}
    </section>
  );
}

function AddForward({ domain, card, onDone }: Props & { readonly onDone: () => void }) {
  const { queries } = useSite();
  const [toPort, setToPort] = useState(22);
  const [port, setPort] = useState(NaN);
  const [protocol, setProtocol] = useState<'tcp' | 'udp'>('tcp');
  const add = useMutation(queries.forwards.add.mutationOptions({ onSuccess: onDone }));
  return (
    <Form
      className={styles.part!}
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate({
          domain: domain.uuid,
          handle: card.handle,
          port: Number.isNaN(port) ? 0 : port,
          toPort,
          protocol,
        });
      }}
    >
      <div className={styles.inline}>
        <NumberField
          label="Guest's port"
          unit=""
          autoFocus
          isRequired
          minValue={1}
          maxValue={MOST_PORT}
          formatOptions={PLAIN}
          value={toPort}
          onChange={setToPort}
        />
        <NumberField
          label="Port of 127.0.0.1 (empty: any)"
          unit=""
          minValue={1}
          maxValue={MOST_PORT}
          formatOptions={PLAIN}
          value={port}
          onChange={setPort}
        />
        <CompactSelect
          label="Protocol"
          options={PROTOCOLS}
          value={protocol}
          onChange={setProtocol}
        />
        <Button type="submit" kind="primary" isPending={add.isPending}>
          Forward
        </Button>
        <Button onPress={onDone}>Cancel</Button>
      </div>
      <FormError message={messageOf(add.error)} />
    </Form>
  );
}
