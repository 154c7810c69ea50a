import { NumberField } from '../design/field.tsx';

const MIB_PER_GIB = 1024;
const THREE_DIGITS = { maximumFractionDigits: 3 } as const;

interface Props {
  readonly label: string;
  readonly valueMiB: number;
  readonly leastMiB: number;
  readonly onChange: (mib: number) => void;
  readonly description?: string;
  readonly autoFocus?: boolean;
}

/** The size of a disk or a volume, in GiB; parts of one too. */
export function SizeField({ label, valueMiB, leastMiB, onChange, ...props }: Props) {
  return (
    <NumberField
      {...props}
      label={label}
      unit="GiB"
      isRequired
      formatOptions={THREE_DIGITS}
      minValue={leastMiB / MIB_PER_GIB}
      maxValue={16_384}
      step={1 / MIB_PER_GIB}
      value={valueMiB / MIB_PER_GIB}
      onChange={(gib) => onChange(Math.max(leastMiB, Math.round(gib * MIB_PER_GIB)))}
    />
  );
}
