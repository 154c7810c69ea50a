import { DiskFormat, type Pool, VolumeName } from '../../shared/contract/schemas.ts';
import { FieldRow, Select, TextField } from '../design/field.tsx';
import { size } from '../design/format.ts';
import { fieldFault } from '../design/field-fault.ts';
import { SizeField } from '../storage/size-field.tsx';
import { type DiskChoice, usableVolumes } from './disk-choice.ts';

interface Props {
  readonly choice: DiskChoice;
  readonly onChange: (change: Partial<DiskChoice>) => void;
  /** Those that the domain's host sees. */
  readonly pools: readonly Pool[];
}

const FORMATS: Record<DiskFormat, string> = {
  qcow2: 'takes room as it fills; can lie over another',
  raw: 'the plain bytes',
};

/** What a kind of content needs to be told. */
export function DiskChoiceFields(props: Props) {
  switch (props.choice.kind) {
    case 'new':
      return <NewVolumeFields {...props} />;
    case 'volume':
      return <VolumeField {...props} />;
    case 'path':
      return (
        <TextField
          label="Path"
          mono
          isRequired
          placeholder="/srv/disks/data.qcow2"
          value={props.choice.path}
          onChange={(path) => props.onChange({ path })}
          description="A file, a block device or an LVM volume on the machine that Domus runs on."
        />
      );
    case 'nbd':
      return (
        <TextField
          label="Address"
          mono
          isRequired
          placeholder="nbd://10.0.0.9:10809/data"
          value={props.choice.nbd}
          onChange={(nbd) => props.onChange({ nbd })}
          description="A network block device: host, port and the name of the export."
        />
      );
  }
}

function NewVolumeFields({ choice, onChange, pools }: Props) {
  const pool = pools.find((one) => one.name === choice.pool);
  return (
    <>
      <PoolSelect pools={pools} value={choice.pool} onChange={(name) => onChange({ pool: name })} />
      <FieldRow>
        <TextField
          label="Name"
          isRequired
          value={choice.name}
          onChange={(name) => onChange({ name })}
          validate={(name) =>
            pool?.volumes.some((volume) => volume.name === name) === true
              ? `${pool.name} has a volume of that name already.`
              : fieldFault(VolumeName, name)
          }
        />
        <SizeField
          label="Size"
          leastMiB={1}
          valueMiB={choice.sizeMiB}
          onChange={(sizeMiB) => onChange({ sizeMiB })}
        />
      </FieldRow>
      <FormatSelect
        value={choice.format}
        onChange={(format) =>
          onChange({ format, name: choice.name.replace(/\.(raw|qcow2)$/, `.${format}`) })
        }
      />
    </>
  );
}

function VolumeField({ choice, onChange, pools }: Props) {
  const volumes = usableVolumes(pools);
  const free = volumes.filter(({ reason }) => reason === null).length;
  return (
    <Select
      label="Volume"
      options={volumes.map(({ source, volume, reason }) => ({
        id: source,
        label: source,
        detail: [volume.bytes === null ? '' : size(volume.bytes), volume.format, reason ?? 'free']
          .filter((part) => part !== '')
          .join(', '),
        isDisabled: reason !== null,
      }))}
      value={choice.volume}
      onChange={(volume) => onChange({ volume })}
      description={
        free === 0
          ? 'There is none that is free. Make a new one.'
          : 'One that is used can be used again as an overlay: make one over it in Storage.'
      }
    />
  );
}

interface PoolSelectProps {
  readonly pools: readonly Pool[];
  readonly value: string;
  readonly onChange: (name: string) => void;
}

export function PoolSelect({ pools, value, onChange }: PoolSelectProps) {
  return (
    <Select
      label="Pool"
      options={pools.map(({ name, host, freeBytes, fault }) => ({
        id: name,
        label: name,
        detail:
          fault ??
          `${host === null ? 'all hosts see it' : `only ${host} sees it`}${freeBytes === null ? '' : `, ${size(freeBytes)} free`}`,
        isDisabled: fault !== null,
      }))}
      value={value}
      onChange={onChange}
    />
  );
}

interface FormatSelectProps {
  readonly value: DiskFormat;
  readonly onChange: (format: DiskFormat) => void;
}

export function FormatSelect({ value, onChange }: FormatSelectProps) {
  return (
    <Select
      label="Format"
      options={DiskFormat.options.map((id) => ({ id, label: id, detail: FORMATS[id] }))}
      value={value}
      onChange={(id) => onChange(id as DiskFormat)}
      description={`${value}: ${FORMATS[value]}.`}
    />
  );
}
