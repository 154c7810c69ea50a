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
import { useDomain } from '../site/queries.ts';
import { useSite } from '../site/site.ts';

export function RenameDialog({ uuid }: { readonly uuid: string }) {
  const { queries } = useSite();
  const domain = useDomain(uuid);
  const [name, setName] = useState(domain?.name ?? '');
  const rename = useMutation(queries.domains.rename.mutationOptions({ onSuccess: closeOverlay }));
  if (domain === undefined) return null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rename.mutate({ domain: uuid, name });
  };
  return (
    <Dialog title={`Rename ${domain.name}`} onClose={closeOverlay}>
      <Form onSubmit={submit}>
        <DialogBody>
          <TextField
            label="New name"
            autoFocus
            isRequired
            value={name}
            onChange={setName}
            validate={(text) => fieldFault(Name, text)}
            description="A guest that runs keeps its host name until it starts again."
          />
          <FormError message={rename.error === null ? null : errorDataOf(rename.error).message} />
        </DialogBody>
        <DialogButtons>
          <Button onPress={closeOverlay}>Cancel</Button>
          <Button type="submit" kind="primary" isPending={rename.isPending}>
            Rename
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  );
}
