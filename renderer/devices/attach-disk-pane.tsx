import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { Domain, OnDiskError, Pool } from '../../shared/contract/schemas.ts';
import { FieldRow, Segments, Select, Switch } from '../design/field.tsx';
import { usePools } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import {
  type ChoiceKind,
  type DiskChoice,
  diskOf,
  freeVolumeName,
  poolsOfHost,
  usableVolumes,
} from './disk-choice.ts';
import { AttachPane } from './attach-pane.tsx';
import { DiskChoiceFields } from './disk-choice-fields.tsx';

const KINDS: readonly { id: ChoiceKind; label: string }[] = [
  { id: 'new', label: 'New volume' },
  { id: 'volume', label: 'Volume' },
  { id: 'path', label: 'Path' },
  { id: 'nbd', label: 'NBD' },
];
const AUTOMATIC = 'automatic';
const NAMES = [...'abcdefghijklmnop'].map((letter) => `xvd${letter}`);

const ON_ERROR: readonly { id: OnDiskError; label: string; detail: string }[] = [
  { id: 'pause', label: 'Pause the domain', detail: 'until the cause is gone; nothing is lost' },
  { id: 'report', label: 'Tell the guest', detail: 'its request fails with an I/O error' },
  { id: 'crash', label: 'End the domain', detail: 'as after a crash' },
];

export function AttachDiskPane({ domain }: { readonly domain: Domain }) {
  const { queries } = useSite();
  const pools = poolsOfHost(usePools() ?? [], domain.host);
  const [choice, setChoice] = useState(() => firstChoice(domain, pools));
  const [name, setName] = useState(AUTOMATIC);
  const [readOnly, setReadOnly] = useState(false);
  const [discard, setDiscard] = useState(true);
  const [onError, setOnError] = useState<OnDiskError>('pause');
  const attach = useMutation(queries.domains.attachDisk.mutationOptions());
  const taken = new Set(domain.disks.map((disk) => disk.name));
  const submit = () =>
    attach.mutate({
      domain: domain.uuid,
      ...diskOf(choice),
      ...(name === AUTOMATIC ? {} : { name }),
      readOnly: readOnly && choice.kind !== 'new',
      discard,
      onError,
    });
  return (
    <AttachPane title="Add disk" domain={domain} call={attach} onSubmit={submit}>
      <Segments
        label="Content"
        options={KINDS}
        value={choice.kind}
        onChange={(kind) => setChoice({ ...choice, kind })}
      />
      <DiskChoiceFields
        choice={choice}
        pools={pools}
        onChange={(change) => setChoice({ ...choice, ...change })}
      />
      <FieldRow>
        <Select
          label="Called in the guest"
          options={[
            { id: AUTOMATIC, label: `the first free: ${NAMES.find((one) => !taken.has(one))}` },
            ...NAMES.filter((one) => !taken.has(one)).map((id) => ({ id, label: id })),
          ]}
          value={name}
          onChange={setName}
        />
        <Select
          label="When it fails"
          options={ON_ERROR}
          value={onError}
          onChange={(id) => setOnError(id as OnDiskError)}
        />
      </FieldRow>
      {choice.kind !== 'new' && (
        <Switch isSelected={readOnly} onChange={setReadOnly}>
          Read-only
        </Switch>
      )}
      <Switch isSelected={discard} onChange={setDiscard}>
        Give back room that the guest no longer needs
      </Switch>
    </AttachPane>
  );
}

function firstChoice(domain: Domain, pools: readonly Pool[]): DiskChoice {
  const pool = pools.find((one) => one.fault === null);
  return {
    kind: pool === undefined ? 'path' : 'new',
    pool: pool?.name ?? '',
    name: freeVolumeName(pool, `${domain.name}-data`, 'qcow2'),
    sizeMiB: 8192,
    format: 'qcow2',
    volume: usableVolumes(pools).find(({ reason }) => reason === null)?.source ?? '',
    path: '',
    nbd: '',
  };
}
