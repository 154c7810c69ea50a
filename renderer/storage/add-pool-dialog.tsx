import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type PoolKind } from '../../shared/contract/schemas.ts';
import { FormDialog } from '../app/form-dialog.tsx';
import { NameField } from '../app/name-field.tsx';
import { closeOverlay } from '../app/overlays.ts';
import { navigate } from '../app/route.ts';
import { Segments, Select, TextField } from '../design/field.tsx';
import { useHosts } from '../site/queries.ts';
import { useSite } from '../site/site.ts';

const KINDS: readonly { id: PoolKind; label: string }[] = [
  { id: 'shared', label: 'Shared' },
  { id: 'local', label: 'Local' },
];

export function AddPoolDialog() {
  const { queries } = useSite();
  const hosts = useHosts() ?? [];
  const [name, setName] = useState('');
  const [kind, setKind] = useState<PoolKind>('shared');
  const [host, setHost] = useState(hosts[0]?.name ?? '');
  const [path, setPath] = useState('');
  const add = useMutation(
    queries.pools.add.mutationOptions({
      onSuccess: (pool) => {
        closeOverlay();
        navigate({ view: 'storage', pool: pool.name });
      },
    }),
  );
  const submit = () => {
    add.mutate({
      name,
      kind,
      ...(kind === 'local' ? { host } : {}),
      ...(path.trim() === '' ? {} : { path: path.trim() }),
    });
  };
  return (
    <FormDialog title="Add pool" act="Add pool" call={add} onSubmit={submit}>
      <NameField value={name} onChange={setName} />
      <Segments label="Kind" options={KINDS} value={kind} onChange={setKind} />
      <p>
        {kind === 'shared'
          ? 'Every host sees its volumes, like a NAS: a running domain can move with disks on it.'
          : 'One host sees its volumes.'}
      </p>
      {kind === 'local' && (
        <Select
          label="Host"
          options={hosts.map((one) => ({ id: one.name, label: one.name }))}
          value={host}
          onChange={setHost}
        />
      )}
      <TextField
        label="Folder"
        mono
        placeholder="a new one in the home of Domus"
        value={path}
        onChange={setPath}
        description="On the machine that Domus runs on. One that exists keeps what is in it."
      />
    </FormDialog>
  );
}
