import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { NetworkKind, Subnet } from '../../shared/contract/schemas.ts';
import { FormDialog } from '../app/form-dialog.tsx';
import { NameField } from '../app/name-field.tsx';
import { closeOverlay } from '../app/overlays.ts';
import { fieldFault } from '../design/field-fault.ts';
import { NumberField, Segments, Switch, TextField } from '../design/field.tsx';
import { useSite } from '../site/site.ts';
import { KIND_NAMES, KIND_WORDS } from './network-kind.ts';

const KINDS = NetworkKind.options.map((id) => ({ id, label: KIND_NAMES[id] }));
const PLAIN = { useGrouping: false } as const;

export function AddNetworkDialog() {
  const { queries } = useSite();
  const [name, setName] = useState('');
  const [kind, setKind] = useState<NetworkKind>('isolated');
  const [subnet, setSubnet] = useState('');
  const [mtu, setMtu] = useState(1500);
  const [reachesMachine, setReachesMachine] = useState(false);
  const add = useMutation(queries.networks.add.mutationOptions({ onSuccess: closeOverlay }));
  const submit = () => {
    add.mutate({
      name,
      kind,
      mtu,
      reachesMachine: kind === 'outside' && reachesMachine,
      ...(subnet.trim() === '' ? {} : { subnet: subnet.trim() }),
    });
  };
  return (
    <FormDialog title="Add network" act="Add network" call={add} onSubmit={submit}>
      <NameField
        value={name}
        onChange={setName}
        description="It is there on all hosts, joined by their links."
      />
      <Segments label="Kind" options={KINDS} value={kind} onChange={setKind} />
      <p>Its {KIND_WORDS[kind]}.</p>
      {kind === 'outside' && (
        <Switch isSelected={reachesMachine} onChange={setReachesMachine}>
          Guests may reach this machine too, and so Domus itself
        </Switch>
      )}
      <TextField
        label="Subnet"
        placeholder="the first free /24 of 10.77.0.0/16"
        value={subnet}
        onChange={setSubnet}
        validate={(text) => (text.trim() === '' ? null : fieldFault(Subnet, text.trim()))}
        description="A private one, with room for at least 4 addresses."
      />
      <NumberField
        label="MTU"
        unit="bytes"
        minValue={576}
        maxValue={9000}
        formatOptions={PLAIN}
        value={mtu}
        onChange={setMtu}
      />
    </FormDialog>
  );
}
