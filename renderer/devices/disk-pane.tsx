import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Form } from 'react-aria-components';
import type { Disk, Domain, OnDiskError } from '../../shared/contract/schemas.ts';
import { routeHref } from '../app/route.ts';
import { Button } from '../design/button.tsx';
import { CopyButton } from '../design/copy-button.tsx';
import { Fact, Facts } from '../design/facts.tsx';
import { FormError } from '../design/field.tsx';
import { count, rate, size } from '../design/format.ts';
import { messageOf } from '../site/error-data.ts';
import { useDomainSample } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import { SizeField } from '../storage/size-field.tsx';
import { DetachPart } from './detach-part.tsx';
import { DeviceRates } from './device-rates.tsx';
import styles from './devices.module.css';
import { sourceParts } from './disk-source.ts';

const MIB = 2 ** 20;

const ON_ERROR: Record<OnDiskError, string> = {
  pause: 'The request is held and the domain pauses, until the cause is gone',
  report: 'The guest is told of an I/O error',
  crash: 'The domain ends',
};

interface Props {
  readonly domain: Domain;
  readonly disk: Disk;
}

export function DiskPane({ domain, disk }: Props) {
  const isOff = domain.domid === null;
  const fixed = isOff ? 'next' : 'fixed';
  return (
    <article className={styles.page} aria-label={disk.name}>
      <div className={styles.head}>
        <h2>{disk.name}</h2>
        <span className={styles.muted}>
          {isOff ? 'plugged in at the next start' : `in the guest: /dev/${disk.name}`}
        </span>
      </div>
      <DiskRates uuid={domain.uuid} name={disk.name} />
      <Facts>
        <Fact name="Content" when={fixed}>
          <Source source={disk.source} />
        </Fact>
        <Fact name="Size" when={isOff ? 'next' : 'now'}>
          <Size domain={domain} disk={disk} />
        </Fact>
        <Fact name="Format" when={fixed}>
          {disk.format}
        </Fact>
        <Fact name="Mode" when={fixed}>
          {disk.readOnly ? 'read-only' : 'read and write'}
        </Fact>
        <Fact name="Unused room" when={fixed}>
          {disk.discard ? 'is given back (discard)' : 'is kept'}
        </Fact>
        <Fact name="On an error" when={fixed}>
          {ON_ERROR[disk.onError]}
        </Fact>
      </Facts>
      <DetachDisk domain={domain} disk={disk} />
    </article>
  );
}

function DiskRates({ uuid, name }: { readonly uuid: string; readonly name: string }) {
  const sample = useDomainSample(uuid)?.disks.find((one) => one.name === name);
  return (
    <DeviceRates
      uuid={uuid}
      device={name}
      format={rate}
      rates={[
        {
          word: 'Read',
          column: 'into',
          bytesPerSecond: sample?.readBytesPerSecond ?? null,
          detail: sample === undefined ? '' : `${count(sample.readsPerSecond)} requests/s`,
        },
        {
          word: 'Written',
          column: 'outOf',
          bytesPerSecond: sample?.writtenBytesPerSecond ?? null,
          detail: sample === undefined ? '' : `${count(sample.writesPerSecond)} requests/s`,
        },
      ]}
    />
  );
}

function Source({ source }: { readonly source: string }) {
  const parts = sourceParts(source);
  if (parts.kind === 'volume') {
    return (
      <>
        volume{' '}
        <a href={routeHref({ view: 'storage', pool: parts.pool })}>
          {parts.pool}/{parts.volume}
        </a>
      </>
    );
  }
  return (
    <>
      <code>{source}</code>{' '}
      <CopyButton
        text={source}
        label={parts.kind === 'nbd' ? 'Copy the address' : 'Copy the path'}
      />
    </>
  );
}

/** Grows in place: a disk never shrinks. */
function Size({ domain, disk }: Props) {
  const { queries } = useSite();
  const hadMiB = Math.ceil((disk.bytes ?? 0) / MIB);
  const [sizeMiB, setSizeMiB] = useState<number | null>(null);
  const resize = useMutation(
    queries.domains.resizeDisk.mutationOptions({ onSuccess: () => setSizeMiB(null) }),
  );
  const words = disk.bytes === null ? 'known when it was first open' : size(disk.bytes);
  if (sizeMiB === null) {
    return (
      <span className={styles.spread}>
        {words}
        {!disk.readOnly && (
          <Button kind="text" onPress={() => setSizeMiB(hadMiB === 0 ? 1024 : hadMiB * 2)}>
            Grow…
          </Button>
        )}
      </span>
    );
  }
  return (
    <Form
      className={styles.part!}
      onSubmit={(event) => {
        event.preventDefault();
        resize.mutate({ domain: domain.uuid, disk: disk.name, sizeMiB });
      }}
    >
      <div className={styles.inline}>
        <SizeField
          label="New size"
          autoFocus
          leastMiB={hadMiB + 1}
          valueMiB={sizeMiB}
          onChange={setSizeMiB}
        />
        <Button type="submit" kind="primary" isPending={resize.isPending}>
          Grow
        </Button>
        <Button onPress={() => setSizeMiB(null)}>Cancel</Button>
      </div>
      <p className={styles.hint}>
        It has {words}. It never shrinks; the guest's partitions and file systems grow by its own
        tools.
      </p>
      <FormError message={messageOf(resize.error)} />
    </Form>
  );
}

function DetachDisk({ domain, disk }: Props) {
  const { queries } = useSite();
  const detach = useMutation(queries.domains.detachDisk.mutationOptions());
  return (
    <DetachPart
      domain={domain}
      device={disk.name}
      task={detach.data}
      isAsking={detach.isPending}
      refusal={detach.error}
      run={() => detach.mutate({ domain: domain.uuid, disk: disk.name })}
      kept="Its content stays."
      advice={`Something in the guest uses it: unmount what lies on /dev/${disk.name} there, then try again. Or shut ${domain.name} down: then it is taken away without asking.`}
    />
  );
}
