import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Form } from 'react-aria-components';
import { type Domain, Ipv4, Mac } from '../../shared/contract/schemas.ts';
import { Button } from '../design/button.tsx';
import { Empty } from '../design/empty.tsx';
import { WhenTag } from '../design/facts.tsx';
import { fieldFault } from '../design/field-fault.ts';
import { FormError, TextField } from '../design/field.tsx';
import { errorDataOf } from '../site/error-data.ts';
import { useNetworking, useTask } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import { NetworkSelect } from '../networks/network-select.tsx';
import styles from './devices.module.css';

export function AttachInterfacePane({ domain }: { readonly domain: Domain }) {
  const { queries } = useSite();
  const networks = useNetworking()?.networks ?? [];
  const [network, setNetwork] = useState(networks[0]?.name ?? '');
  const [mac, setMac] = useState('');
  const [address, setAddress] = useState('');
  const attach = useMutation(queries.domains.attachInterface.mutationOptions());
  const task = useTask(attach.data?.id ?? null) ?? attach.data;
  if (networks.length === 0) {
    return (
      <Empty icon="network" title="There is no network to plug into">
        <p>
          Add one in <a href="#/networks">Networks</a>: guests on it reach each other, and the
          outside where it leads there.
        </p>
      </Empty>
    );
  }
  return (
    <article className={styles.page} aria-label="Add interface">
      <div className={styles.head}>
        <h2>Add interface</h2>
        <WhenTag when={domain.domid === null ? 'next' : 'now'} />
      </div>
      <Form
        className={styles.form!}
        onSubmit={(event) => {
          event.preventDefault();
          attach.mutate({
            domain: domain.uuid,
            network,
            ...(mac === '' ? {} : { mac }),
            ...(address === '' ? {} : { address }),
          });
        }}
      >
        <NetworkSelect networks={networks} value={network} onChange={setNetwork} />
        <div className={styles.pair}>
          <TextField
            label="Address"
            placeholder="the first that is free"
            value={address}
            onChange={setAddress}
            validate={(text) => (text === '' ? null : fieldFault(Ipv4, text))}
            description="It keeps it for good; DHCP tells the guest."
          />
          <TextField
            label="MAC address"
            placeholder="one of Xen's range"
            value={mac}
            onChange={setMac}
            validate={(text) => (text === '' ? null : fieldFault(Mac, text))}
            description="It keeps this one for good too."
          />
        </div>
        <FormError
          message={
            attach.error === null
              ? (task?.error?.message ?? null)
              : errorDataOf(attach.error).message
          }
        />
        <div className={styles.buttons}>
          <Button
            type="submit"
            kind="primary"
            isPending={attach.isPending || task?.state === 'running'}
          >
            Attach
          </Button>
          <span className={styles.hint} role="status">
            {task?.state === 'done' ? `${task.title}.` : ''}
          </span>
        </div>
      </Form>
    </article>
  );
}
