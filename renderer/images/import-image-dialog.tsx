import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Form } from 'react-aria-components';
import { Name } from '../../shared/contract/schemas.ts';
import { closeOverlay } from '../app/overlays.ts';
import { Button } from '../design/button.tsx';
import { Dialog, DialogBody, DialogButtons } from '../design/dialog.tsx';
import { FormError, TextField } from '../design/field.tsx';
import { fieldFault } from '../design/field-fault.ts';
import { errorDataOf } from '../site/error-data.ts';
import { useSite } from '../site/site.ts';

/** A person's own kernel: by path, because the files lie where Domus runs, not in the browser. */
export function ImportImageDialog() {
  const { queries } = useSite();
  const [name, setName] = useState('');
  const [kernelPath, setKernelPath] = useState('');
  const [initrdPath, setInitrdPath] = useState('');
  const [cmdline, setCmdline] = useState('console=hvc0');
  const importing = useMutation(queries.images.import.mutationOptions({ onSuccess: closeOverlay }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    importing.mutate({ name, kernelPath, initrdPath, cmdline });
  };
  const { error } = importing;
  return (
    <Dialog title="Import an image" onClose={closeOverlay}>
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
          <TextField
            label="Kernel"
            mono
            isRequired
            placeholder="/boot/vmlinuz-6.1.0-686-pae"
            value={kernelPath}
            onChange={setKernelPath}
            description="A path on the machine that Domus runs on: an i386 bzImage."
          />
          <TextField
            label="Initrd"
            mono
            isRequired
            placeholder="/boot/initrd.img-6.1.0-686-pae"
            value={initrdPath}
            onChange={setInitrdPath}
          />
          <TextField label="Command line" mono value={cmdline} onChange={setCmdline} />
          <FormError message={error === null ? null : errorDataOf(error).message} />
        </DialogBody>
        <DialogButtons>
          <Button onPress={closeOverlay}>Cancel</Button>
          <Button type="submit" kind="primary" isPending={importing.isPending}>
            Import
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  );
}
