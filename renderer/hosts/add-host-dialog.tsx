import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { FormDialog } from '../app/form-dialog.tsx';
import { NameField } from '../app/name-field.tsx';
import { closeOverlay } from '../app/overlays.ts';
import { FieldRow, NumberField } from '../design/field.tsx';
import { useSite } from '../site/site.ts';

const DIGITS = { maximumFractionDigits: 2, useGrouping: false } as const;

export function AddHostDialog() {
  const { queries } = useSite();
  const [name, setName] = useState('');
  const [memoryMiB, setMemoryMiB] = useState(1024);
  const [pcpus, setPcpus] = useState(2);
  const [linkMbps, setLinkMbps] = useState(1000);
  const [latencyMs, setLatencyMs] = useState(0.2);
  const [lossPercent, setLossPercent] = useState(0);
  const add = useMutation(queries.hosts.add.mutationOptions({ onSuccess: closeOverlay }));
  const submit = () => {
    const bandwidthBytesPerSecond = (linkMbps * 1e6) / 8;
    add.mutate({ name, memoryMiB, pcpus, bandwidthBytesPerSecond, latencyMs, lossPercent });
  };
  return (
    <FormDialog title="Add host" act="Add host" call={add} onSubmit={submit}>
      <NameField value={name} onChange={setName} />
      <NumberField
        label="Memory"
        unit="MiB"
        isRequired
        minValue={64}
        value={memoryMiB}
        onChange={setMemoryMiB}
        description="Set aside for its domain 0 and its domains."
      />
      <NumberField
        label="Physical CPUs"
        unit="pCPU"
        isRequired
        minValue={1}
        maxValue={256}
        value={pcpus}
        onChange={setPcpus}
      />
      <FieldRow>
        <NumberField
          label="Link"
          unit="Mbit/s"
          isRequired
          minValue={0.01}
          maxValue={800_000}
          formatOptions={DIGITS}
          value={linkMbps}
          onChange={setLinkMbps}
        />
        <NumberField
          label="Latency"
          unit="ms"
          isRequired
          minValue={0}
          maxValue={10_000}
          formatOptions={DIGITS}
          value={latencyMs}
          onChange={setLatencyMs}
        />
        <NumberField
          label="Loss"
          unit="%"
          isRequired
          minValue={0}
          maxValue={90}
          formatOptions={DIGITS}
          value={lossPercent}
          onChange={setLossPercent}
        />
      </FieldRow>
      <p>What leaves it for other hosts, of guests and of migrations, goes over this link.</p>
    </FormDialog>
  );
}
