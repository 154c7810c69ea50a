import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import {
  type DiskFormat,
  type Pool,
  type Volume,
  VolumeName,
} from '../../shared/contract/schemas.ts';
import { FormDialog } from '../app/form-dialog.tsx';
import { closeOverlay } from '../app/overlays.ts';
import { fieldFault } from '../design/field-fault.ts';
import { TextField } from '../design/field.tsx';
import { size } from '../design/format.ts';
import { freeVolumeName } from '../devices/disk-choice.ts';
import { FormatSelect, PoolSelect } from '../devices/disk-choice-fields.tsx';
import { usePools } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import { SizeField } from './size-field.tsx';

const MIB = 2 ** 20;

interface CreateProps {
  readonly pool: string;
  /** The volume that it lies over, as `POOL/VOLUME`; null for an empty one. */
  readonly over: string | null;
}

/** An empty volume, or an overlay over another. */
export function CreateVolumeDialog({ pool: first, over }: CreateProps) {
  const { queries } = useSite();
  const pools = usePools() ?? [];
  const beneath = over === null ? undefined : findVolume(pools, ...splitReference(over));
  const leastMiB = Math.ceil((beneath?.bytes ?? MIB) / MIB);
  const [pool, setPool] = useState(first);
  const [name, setName] = useState(() =>
    freeVolumeName(
      pools.find((one) => one.name === first),
      beneath === undefined ? 'disk' : beneath.name.replace(/\.[^.]*$/, ''),
      'qcow2',
    ),
  );
  const [sizeMiB, setSizeMiB] = useState(over === null ? 8192 : leastMiB);
  const [format, setFormat] = useState<DiskFormat>('qcow2');
  const create = useMutation(queries.volumes.create.mutationOptions({ onSuccess: closeOverlay }));
  return (
    <FormDialog
      title={over === null ? 'New volume' : `New overlay over ${over}`}
      act="Create"
      call={create}
      onSubmit={() =>
        create.mutate({
          pool,
          volume: name,
          sizeMiB,
          ...(over === null ? { format } : { over }),
        })
      }
    >
      <PoolSelect pools={pools} value={pool} onChange={setPool} />
      <VolumeNameField pools={pools} pool={pool} value={name} onChange={setName} />
      <SizeField
        label="Size"
        leastMiB={leastMiB}
        valueMiB={sizeMiB}
        onChange={setSizeMiB}
        {...(beneath === undefined || beneath.bytes === null
          ? {}
          : { description: `At least ${size(beneath.bytes)}, as what it lies over has.` })}
      />
      {over === null && (
        <FormatSelect
          value={format}
          onChange={(next) => {
            setFormat(next);
            setName(name.replace(/\.(raw|qcow2)$/, `.${next}`));
          }}
        />
      )}
    </FormDialog>
  );
}

interface PlaceProps {
  readonly pool: string;
  readonly volume: string;
}

/** A full copy, which needs nothing of the original. */
export function CloneVolumeDialog({ pool, volume }: PlaceProps) {
  const { queries } = useSite();
  const pools = usePools() ?? [];
  const original = findVolume(pools, pool, volume);
  const [toPool, setToPool] = useState(pool);
  const [to, setTo] = useState(() =>
    freeVolumeName(
      pools.find((one) => one.name === pool),
      volume.replace(/\.[^.]*$/, ''),
      original?.format ?? 'qcow2',
    ),
  );
  const clone = useMutation(queries.volumes.clone.mutationOptions({ onSuccess: closeOverlay }));
  return (
    <FormDialog
      title={`Copy ${pool}/${volume}`}
      act="Copy"
      call={clone}
      onSubmit={() => clone.mutate({ pool, volume, toPool, to })}
    >
      <PoolSelect pools={pools} value={toPool} onChange={setToPool} />
      <VolumeNameField pools={pools} pool={toPool} value={to} onChange={setTo} />
      <p>
        A full copy{original === undefined ? '' : ` of ${size(original.allocatedBytes)}`}: it needs
        nothing of the original. To share what is the same, make an overlay.
      </p>
    </FormDialog>
  );
}

export function GrowVolumeDialog({ pool, volume }: PlaceProps) {
  const { queries } = useSite();
  const had = findVolume(usePools() ?? [], pool, volume)?.bytes ?? 0;
  const [sizeMiB, setSizeMiB] = useState(Math.ceil(had / MIB) * 2);
  const grow = useMutation(queries.volumes.resize.mutationOptions({ onSuccess: closeOverlay }));
  return (
    <FormDialog
      title={`Grow ${pool}/${volume}`}
      act="Grow"
      call={grow}
      onSubmit={() => grow.mutate({ pool, volume, sizeMiB })}
    >
      <SizeField
        label="New size"
        autoFocus
        leastMiB={Math.ceil(had / MIB) + 1}
        valueMiB={sizeMiB}
        onChange={setSizeMiB}
        description={`It has ${size(had)}, and never shrinks.`}
      />
    </FormDialog>
  );
}

interface NameProps {
  readonly pools: readonly Pool[];
  readonly pool: string;
  readonly value: string;
  readonly onChange: (name: string) => void;
}

function VolumeNameField({ pools, pool, value, onChange }: NameProps) {
  return (
    <TextField
      label="Name"
      autoFocus
      isRequired
      value={value}
      onChange={onChange}
      validate={(name) =>
        findVolume(pools, pool, name) === undefined
          ? fieldFault(VolumeName, name)
          : `${pool} has a volume of that name already.`
      }
    />
  );
}

function findVolume(pools: readonly Pool[], pool: string, name: string): Volume | undefined {
  return pools.find((one) => one.name === pool)?.volumes.find((one) => one.name === name);
}

function splitReference(reference: string): [pool: string, volume: string] {
  const [pool = '', volume = ''] = reference.split('/');
  return [pool, volume];
}
