import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Form } from 'react-aria-components';
import { closeOverlay } from '../app/overlays.ts';
import { Name } from '../../shared/contract/schemas.ts';
import { Button } from '../design/button.tsx';
import { Dialog, DialogBody, DialogButtons } from '../design/dialog.tsx';
import { FormError, NumberField, TextField } from '../design/field.tsx';
import { fieldFault } from '../design/field-fault.ts';
import { errorDataOf } from '../site/error-data.ts';
import { useSite } from '../site/site.ts';

export function AddHostDialog() {
  const { queries } = useSite();
  const [name, setName] = useState('');
  const [memoryMiB, setMemoryMiB] = useState(1024);
  const [pcpus, setPcpus] = useState(2);
  const add = useMutation(queries.hosts.add.mutationOptions({ onSuccess: closeOverlay }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate({ name, memoryMiB, pcpus });
  };
  return (
    <Dialog title="Add host" onClose={closeOverlay}>
      <Form onSubmit={submit}>
        <DialogBody>
          <TextField
            label="Name"
            autoFocus
            isRequired
            value={name}
            onChange={setName}
            validate={(text) => fieldFault(Name, text)}
          />
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
          <FormError message={add.error === null ? null : errorDataOf(add.error).message} />
        </DialogBody>
        <DialogButtons>
          <Button onPress={closeOverlay}>Cancel</Button>
          <Button type="submit" kind="primary" isPending={add.isPending}>
            Add host
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  );
}
