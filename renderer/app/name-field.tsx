import { Name } from '../../shared/contract/schemas.ts';
import { fieldFault } from '../design/field-fault.ts';
import { TextField } from '../design/field.tsx';

interface Props {
  readonly label?: string;
  readonly value: string;
  readonly onChange: (name: string) => void;
  readonly description?: string;
}

/** The first field of a dialog that names something. */
export function NameField({ label = 'Name', ...props }: Props) {
  return (
    <TextField
      {...props}
      label={label}
      autoFocus
      isRequired
      validate={(text) => fieldFault(Name, text)}
    />
  );
}
