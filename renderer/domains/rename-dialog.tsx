import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Name } from '../../shared/contract/schemas.ts';
import { FormDialog } from '../app/form-dialog.tsx';
import { closeOverlay } from '../app/overlays.ts';
import { TextField } from '../design/field.tsx';
import { fieldFault } from '../design/field-fault.ts';
import { useDomain } from '../site/queries.ts';
import { useSite } from '../site/site.ts';

export function RenameDialog({ uuid }: { readonly uuid: string }) {
  const { queries } = useSite();
  const domain = useDomain(uuid);
  const [name, setName] = useState(domain?.name ?? '');
  const rename = useMutation(queries.domains.rename.mutationOptions({ onSuccess: closeOverlay }));
  if (domain === undefined) return null;
  const submit = () => rename.mutate({ domain: uuid, name });
  return (
    <FormDialog title={`Rename ${domain.name}`} act="Rename" call={rename} onSubmit={submit}>
      <TextField
        label="New name"
        autoFocus
        isRequired
        value={name}
        onChange={setName}
        validate={(text) => fieldFault(Name, text)}
        description="A guest that runs keeps its host name until it starts again."
      />
    </FormDialog>
  );
}
