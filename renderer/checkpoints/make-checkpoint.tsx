import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Form } from 'react-aria-components';
import type { Domain } from '../../shared/contract/schemas.ts';
import { Button } from '../design/button.tsx';
import { FormError, TextField } from '../design/field.tsx';
import { messageOf } from '../site/error-data.ts';
import { useSite } from '../site/site.ts';
import styles from './checkpoints-tab.module.css';

interface Props {
  readonly domain: Domain;
  readonly isBusy: boolean;
}

export function MakeCheckpoint({ domain, isBusy }: Props) {
  const { queries } = useSite();
  const [label, setLabel] = useState('');
  const make = useMutation(
    queries.checkpoints.create.mutationOptions({ onSuccess: () => setLabel('') }),
  );
  const canBeMade = domain.state === 'running' || domain.state === 'paused';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const text = label.trim();
    make.mutate({ domain: domain.uuid, ...(text !== '' && { label: text }) });
  };
  return (
    <Form className={styles.make!} onSubmit={submit}>
      <TextField
        label="Label"
        value={label}
        onChange={setLabel}
        maxLength={200}
        placeholder="the time"
        isDisabled={!canBeMade}
      />
      <Button
        type="submit"
        kind="primary"
        icon="record"
        isDisabled={!canBeMade || isBusy}
        isPending={make.isPending}
      >
        Make checkpoint
      </Button>
      <p className={styles.hint}>
        {canBeMade
          ? 'Its memory and its disks at one instant. It stands still for some hundredths of a second.'
          : 'Only of a domain that runs or is paused: start it first.'}
      </p>
      <FormError message={messageOf(make.error)} />
    </Form>
  );
}
