import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type Domain, Ipv4, Mac } from '../../shared/contract/schemas.ts';
import { Empty } from '../design/empty.tsx';
import { fieldFault } from '../design/field-fault.ts';
import { FieldRow, TextField } from '../design/field.tsx';
import { useNetworking } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import { AttachPane } from './attach-pane.tsx';
import { NetworkSelect } from '../networks/network-select.tsx';

export function AttachInterfacePane({ domain }: { readonly domain: Domain }) {
  const { queries } = useSite();
  const networks = useNetworking()?.networks ?? [];
  const [network, setNetwork] = useState(networks[0]?.name ?? '');
  const [mac, setMac] = useState('');
  const [address, setAddress] = useState('');
  const attach = useMutation(queries.domains.attachInterface.mutationOptions());
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
    <AttachPane
      title="Add interface"
      domain={domain}
      call={attach}
      onSubmit={() =>
        attach.mutate({
          domain: domain.uuid,
          network,
          ...(mac === '' ? {} : { mac }),
          ...(address === '' ? {} : { address }),
        })
      }
    >
      <NetworkSelect networks={networks} value={network} onChange={setNetwork} />
      <FieldRow>
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
      </FieldRow>
    </AttachPane>
  );
}
