import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { FormDialog } from '../app/form-dialog.tsx';
import { NameField } from '../app/name-field.tsx';
import { closeOverlay } from '../app/overlays.ts';
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
      <NameField
        label="New name"
        value={name}
        onChange={setName}
        description="A guest that runs keeps its host name until it starts again."
      />
    </FormDialog>
  );
}
