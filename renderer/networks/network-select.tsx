import type { Network } from '../../shared/contract/schemas.ts';
import { Select } from '../design/field.tsx';
import { KIND_WORDS } from './network-kind.ts';

export const NO_NETWORK = '-';

interface Props {
  readonly networks: readonly Network[];
  readonly value: string;
  readonly onChange: (name: string) => void;
  /** Having none is a choice. */
  readonly hasNone?: boolean;
}

export function NetworkSelect({ networks, value, onChange, hasNone = false }: Props) {
  const chosen = networks.find((network) => network.name === value);
  const none = { id: NO_NETWORK, label: 'None', detail: 'without an interface' };
  return (
    <Select
      label="Network"
      options={[
        ...networks.map(({ name, subnet, kind }) => ({
          id: name,
          label: name,
          detail: `${subnet}, ${KIND_WORDS[kind]}`,
        })),
        ...(hasNone ? [none] : []),
      ]}
      value={value}
      onChange={onChange}
      {...(chosen === undefined
        ? {}
        : { description: `${chosen.subnet}: ${KIND_WORDS[chosen.kind]}.` })}
    />
  );
}
