import type { Pool } from '../../shared/contract/schemas.ts';
import { Button, IconButton } from '../design/button.tsx';
import { Segments } from '../design/field.tsx';
import { type ChoiceKind, type DiskChoice, freeVolumeName, usableVolumes } from './disk-choice.ts';
import { DiskChoiceFields } from './disk-choice-fields.tsx';
import styles from './new-disks-field.module.css';

const KINDS: readonly { id: ChoiceKind; label: string }[] = [
  { id: 'new', label: 'New volume' },
  { id: 'volume', label: 'Volume' },
];

interface Props {
  readonly pools: readonly Pool[];
  /** What the volumes are called after. */
  readonly domain: string;
  readonly disks: readonly DiskChoice[];
  readonly onChange: (disks: readonly DiskChoice[]) => void;
}

/** The disks of a domain that is not there yet. */
export function NewDisksField({ pools, domain, disks, onChange }: Props) {
  const add = () => onChange([...disks, firstDisk(pools, domain, disks)]);
  return (
    <section className={styles.disks} aria-labelledby="new-disks">
      <div className={styles.head}>
        <h3 id="new-disks">Disks</h3>
        <span className={styles.hint}>{disks.length === 0 && 'none: it runs from memory'}</span>
        <Button icon="plus" isDisabled={pools.length === 0} onPress={add}>
          Add disk
        </Button>
      </div>
      {disks.map((disk, index) => (
        <div
          key={index}
          role="group"
          className={styles.disk}
          aria-label={`Disk xvd${'abcdefghijklmnop'[index]}`}
        >
          <div className={styles.head}>
            <Segments
              label="Content"
              options={KINDS}
              value={disk.kind}
              onChange={(kind) => onChange(disks.with(index, { ...disk, kind }))}
            />
            <span className={styles.hint} />
            <IconButton
              icon="close"
              label={`Remove disk xvd${'abcdefghijklmnop'[index]}`}
              onPress={() => onChange(disks.toSpliced(index, 1))}
            />
          </div>
          <DiskChoiceFields
            choice={disk}
            pools={pools}
            onChange={(change) => onChange(disks.with(index, { ...disk, ...change }))}
          />
        </div>
      ))}
    </section>
  );
}

/** A new volume; its name is none of the pool's, nor of the disks before it. */
function firstDisk(
  pools: readonly Pool[],
  domain: string,
  before: readonly DiskChoice[],
): DiskChoice {
  const pool = pools.find((one) => one.fault === null);
  const stem =
    before.length === 0 ? domain : `${domain}-data${before.length > 1 ? before.length : ''}`;
  return {
    kind: 'new',
    pool: pool?.name ?? '',
    name: freeVolumeName(pool, stem, 'qcow2'),
    sizeMiB: 8192,
    format: 'qcow2',
    volume: usableVolumes(pools).find(({ reason }) => reason === null)?.source ?? '',
    path: '',
    nbd: '',
  };
}
