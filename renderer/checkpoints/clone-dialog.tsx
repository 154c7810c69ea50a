import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { FormDialog } from '../app/form-dialog.tsx';
import { NameField } from '../app/name-field.tsx';
import { closeOverlay } from '../app/overlays.ts';
import { useDomain } from '../site/queries.ts';
import { useSite } from '../site/site.ts';

export function CloneDialog({ uuid }: { readonly uuid: string }) {
  const { queries } = useSite();
  const domain = useDomain(uuid);
  const [name, setName] = useState(domain === undefined ? '' : `${domain.name}-copy`);
  const clone = useMutation(queries.domains.clone.mutationOptions({ onSuccess: closeOverlay }));
  if (domain === undefined) return null;
  const submit = () => clone.mutate({ domain: uuid, name });
  return (
    <FormDialog title={`Clone ${domain.name}`} act="Clone" call={clone} onSubmit={submit}>
      <NameField
        label="Name of the clone"
        value={name}
        onChange={setName}
        description="It goes on from where this one is, with addresses, keys and disks of its own. Both run on."
      />
    </FormDialog>
  );
}
