import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type Host, type Image, type Pool } from '../../shared/contract/schemas.ts';
import { FormDialog } from '../app/form-dialog.tsx';
import { NameField } from '../app/name-field.tsx';
import { closeOverlay } from '../app/overlays.ts';
import { openDomain } from '../app/route.ts';
import { FieldRow, NumberField, Select, Switch } from '../design/field.tsx';
import { memory } from '../design/format.ts';
import { type DiskChoice, diskOf, poolsOfHost } from '../devices/disk-choice.ts';
import { NewDisksField } from '../devices/new-disks-field.tsx';
import { NetworkSelect, NO_NETWORK } from '../networks/network-select.tsx';
import { useHosts, useImages, useNetworking, usePools, useRoster } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import { SizeField } from '../storage/size-field.tsx';

const MIB = 2 ** 20;
const AUTOMATIC = 'automatic';
const DEFAULT_MEMORY_MIB = 64;
const DEFAULT_MOST_MIB = 128;

/** A domain from an image, with defaults that do: a name is all it needs. */
export function CreateDomainDialog() {
  const { queries } = useSite();
  const hosts = useHosts() ?? [];
  const images = useImages() ?? [];
  const [name, setName] = useState(useFreeName());
  const [host, setHost] = useState(AUTOMATIC);
  const [image, setImage] = useState(images.find((one) => one.isDefault)?.id ?? '');
  const [memoryMiB, setMemoryMiB] = useState(DEFAULT_MEMORY_MIB);
  const [maxMemoryMiB, setMaxMemoryMiB] = useState(DEFAULT_MOST_MIB);
  const [cold, setCold] = useState(false);
  const leastDiskMiB = Math.ceil((images.find((one) => one.id === image)?.diskBytes ?? 0) / MIB);
  const [diskSizeMiB, setDiskSizeMiB] = useState(0);
  const networks = useNetworking()?.networks ?? [];
  const [network, setNetwork] = useState(networks[0]?.name ?? NO_NETWORK);
  const [disks, setDisks] = useState<readonly DiskChoice[]>([]);
  const pools = usePoolsFor(host);
  const create = useMutation(
    queries.domains.create.mutationOptions({
      onSuccess: (task) => {
        closeOverlay();
        if (task.domain !== null) openDomain(task.domain);
      },
    }),
  );
  const submit = () => {
    create.mutate({
      name,
      memoryMiB,
      maxMemoryMiB,
      ...(host === AUTOMATIC ? {} : { host }),
      ...(image === '' ? {} : { image }),
      ...(cold ? { cold } : {}),
      ...(diskSizeMiB > leastDiskMiB && leastDiskMiB > 0 ? { diskSizeMiB } : {}),
      ...(network === NO_NETWORK ? {} : { interfaces: [{ network }] }),
      ...(disks.length === 0 ? {} : { disks: disks.map(diskOf) }),
    });
  };
  return (
    <FormDialog title="New domain" act="Create and run" call={create} onSubmit={submit}>
      <NameField value={name} onChange={setName} />
      <Select
        label="Host"
        options={hostOptions(hosts)}
        value={host}
        onChange={setHost}
        description={hostHint(hosts, host)}
      />
      <FieldRow>
        <NumberField
          label="Memory"
          unit="MiB"
          isRequired
          minValue={1}
          maxValue={maxMemoryMiB}
          value={memoryMiB}
          onChange={setMemoryMiB}
        />
        <NumberField
          label="Most it can have"
          unit="MiB"
          isRequired
          minValue={1}
          value={maxMemoryMiB}
          onChange={setMaxMemoryMiB}
        />
      </FieldRow>
      <FieldRow>
        <Select
          label="Image"
          options={imageOptions(images)}
          value={image}
          onChange={setImage}
          {...imageHint(images, image, maxMemoryMiB)}
        />
        <NetworkSelect networks={networks} value={network} onChange={setNetwork} hasNone />
      </FieldRow>
      {leastDiskMiB > 0 && (
        <SizeField
          label="Root disk"
          leastMiB={leastDiskMiB}
          valueMiB={Math.max(leastDiskMiB, diskSizeMiB)}
          onChange={setDiskSizeMiB}
          description="An overlay over the image’s own; the guest’s file system grows with it."
        />
      )}
      <NewDisksField pools={pools} domain={name} disks={disks} onChange={setDisks} />
      <Switch isSelected={cold} onChange={setCold}>
        Boot it cold instead of cloning the running snapshot
      </Switch>
    </FormDialog>
  );
}

/** Those that the chosen host sees; while Domus chooses it, those that every host does. */
function usePoolsFor(host: string): readonly Pool[] {
  const pools = usePools() ?? [];
  if (host !== AUTOMATIC) return poolsOfHost(pools, host);
  const shared = pools.filter((pool) => pool.host === null);
  return shared.length > 0 ? shared : pools;
}

/** `vm1`, or the first such name that is free. */
function useFreeName(): string {
  const taken = new Set((useRoster() ?? []).map((entry) => entry.name));
  for (let number = 1; ; number++) if (!taken.has(`vm${number}`)) return `vm${number}`;
}

function hostOptions(hosts: readonly Host[]) {
  return [
    { id: AUTOMATIC, label: 'Automatic', detail: 'the one with the most free memory' },
    ...hosts.map(({ name, freeKiB, drained }) => ({
      id: name,
      label: name,
      detail: `${memory(freeKiB)} free${drained ? ', drained' : ''}`,
    })),
  ];
}

function hostHint(hosts: readonly Host[], chosen: string): string {
  const host = hosts.find((one) => one.name === chosen);
  if (host !== undefined) return `${memory(host.freeKiB)} free`;
  const open = hosts.filter(({ drained }) => !drained);
  const best = open.toSorted((a, b) => b.freeKiB - a.freeKiB)[0];
  if (best === undefined)
    return hosts.length > 0 ? 'All hosts are drained.' : 'There is no host yet.';
  return `Now that is ${best.name}, with ${memory(best.freeKiB)} free`;
}

function imageOptions(images: readonly Image[]) {
  return images.map(({ id, name, kernelVersion }) => ({
    id,
    label: name,
    detail: `Linux ${kernelVersion}`,
  }));
}

/** Says beforehand whether this is a moment or a boot. */
function imageHint(images: readonly Image[], chosen: string, mostMiB: number) {
  const image = images.find((one) => one.id === chosen);
  if (image === undefined) return {};
  return {
    description: image.goldenMiB.some((golden) => golden >= mostMiB)
      ? 'A running snapshot is kept for this size: it starts at once.'
      : 'No running snapshot is kept for this size yet: the first one boots.',
  };
}
