import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { AccessRule, Domain, Interface } from '../../shared/contract/schemas.ts';
import { Button, IconButton } from '../design/button.tsx';
import { CompactSelect, CompactText } from '../design/compact-field.tsx';
import { WhenTag } from '../design/facts.tsx';
import { FormError } from '../design/field.tsx';
import { messageOf } from '../site/error-data.ts';
import { useSite } from '../site/site.ts';
import {
  type AccessDraft,
  draftOf,
  hasPorts,
  NEW_RULE,
  readDraft,
  type RuleDraft,
} from './access-rules.ts';
import styles from './devices.module.css';

const ACTIONS: Record<AccessRule['action'], string> = { allow: 'Allow', deny: 'Deny' };
const DIRECTIONS: Record<AccessRule['direction'], string> = { in: 'in', out: 'out' };
const PROTOCOLS: Record<AccessRule['protocol'], string> = {
  any: 'any',
  tcp: 'TCP',
  udp: 'UDP',
  icmp: 'ICMP',
};

interface Props {
  readonly domain: Domain;
  readonly card: Interface;
}

/** The rules at the switch. What is being edited is a draft of its own: news do not erase it. */
export function AccessPart({ domain, card }: Props) {
  const { queries } = useSite();
  const [draft, setDraft] = useState<AccessDraft | null>(null);
  const set = useMutation(
    queries.domains.setInterface.mutationOptions({ onSuccess: () => setDraft(null) }),
  );
  const shown = draft ?? draftOf(card.access);
  const read = readDraft(shown);
  const save = () => {
    if (read.list === null) return;
    set.mutate({ domain: domain.uuid, handle: card.handle, access: read.list });
  };
  return (
    <section className={styles.part} aria-labelledby="access">
      <div className={styles.head}>
        <h3 id="access">Access rules</h3>
        <WhenTag when={domain.domid === null ? 'next' : 'now'} />
      </div>
      {shown.rules.length === 0 ? (
        <p className={styles.muted}>No rules.</p>
      ) : (
        <RuleTable
          rules={shown.rules}
          faults={read.faults}
          onChange={(rules) => setDraft({ ...shown, rules })}
        />
      )}
      <div className={styles.buttons}>
        <span>{shown.rules.length === 0 ? 'Everything:' : 'What no rule matches:'}</span>
        <CompactSelect
          label="What no rule matches"
          options={ACTIONS}
          value={shown.otherwise}
          onChange={(otherwise) => setDraft({ ...shown, otherwise })}
        />
        <Button
          icon="plus"
          onPress={() => setDraft({ ...shown, rules: [...shown.rules, NEW_RULE] })}
        >
          Add rule
        </Button>
        {draft !== null && (
          <>
            <Button
              kind="primary"
              isDisabled={read.list === null}
              isPending={set.isPending}
              onPress={save}
            >
              Save rules
            </Button>
            <Button onPress={() => setDraft(null)}>Revert</Button>
          </>
        )}
      </div>
      <p className={styles.hint}>
        The first rule that matches decides. ARP and DHCP always pass; it can send only from its own
        MAC and address anyway.
      </p>
      <FormError message={messageOf(set.error)} />
    </section>
  );
}

interface TableProps {
  readonly rules: readonly RuleDraft[];
  readonly faults: readonly (string | null)[] | null;
  readonly onChange: (rules: readonly RuleDraft[]) => void;
}

function RuleTable({ rules, faults, onChange }: TableProps) {
  return (
    <div className={styles.scrolls}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Action</th>
            <th scope="col">Way</th>
            <th scope="col">Protocol</th>
            <th scope="col">Other side</th>
            <th scope="col">Its ports</th>
            <th scope="col">Guest's ports</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {rules.map((rule, index) => (
            <RuleRow
              // A rule has no name of its own; its place is what it is.
              key={index}
              rule={rule}
              place={index}
              isLast={index === rules.length - 1}
              fault={faults?.[index] ?? null}
              onChange={(change) => onChange(rules.with(index, { ...rule, ...change }))}
              onRemove={() => onChange(rules.toSpliced(index, 1))}
              onDown={() => onChange(rules.toSpliced(index, 2, rules[index + 1]!, rule))}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly rule: RuleDraft;
  readonly place: number;
  readonly isLast: boolean;
  readonly fault: string | null;
  readonly onChange: (change: Partial<RuleDraft>) => void;
  readonly onRemove: () => void;
  readonly onDown: () => void;
}

function RuleRow({ rule, place, isLast, fault, onChange, onRemove, onDown }: RowProps) {
  const of = (what: string) => `${what} of rule ${place + 1}`;
  const portless = !hasPorts(rule);
  return (
    <>
      <tr>
        <td>
          <CompactSelect
            label={of('Action')}
            options={ACTIONS}
            value={rule.action}
            onChange={(action) => onChange({ action })}
          />
        </td>
        <td>
          <CompactSelect
            label={of('Way')}
            options={DIRECTIONS}
            value={rule.direction}
            onChange={(direction) => onChange({ direction })}
          />
        </td>
        <td>
          <CompactSelect
            label={of('Protocol')}
            options={PROTOCOLS}
            value={rule.protocol}
            onChange={(protocol) => onChange({ protocol })}
          />
        </td>
        <td>
          <CompactText
            label={of('Other side')}
            width="124px"
            placeholder="all"
            isInvalid={fault?.startsWith('An address') ?? false}
            value={rule.remote}
            onChange={(remote) => onChange({ remote })}
          />
        </td>
        {(['remotePorts', 'localPorts'] as const).map((ports) => (
          <td key={ports}>
            <CompactText
              label={of(ports === 'remotePorts' ? 'Ports of the other side' : "Guest's ports")}
              width="88px"
              placeholder={portless ? '' : 'all'}
              isDisabled={portless}
              isInvalid={fault?.startsWith('A port') ?? false}
              value={portless ? '' : rule[ports]}
              onChange={(text) => onChange({ [ports]: text })}
            />
          </td>
        ))}
        <td className={styles.number}>
          <IconButton
            icon="down"
            size="small"
            label={`Rule ${place + 1} later`}
            isDisabled={isLast}
            onPress={onDown}
          />
          <IconButton
            icon="close"
            size="small"
            label={`Remove rule ${place + 1}`}
            onPress={onRemove}
          />
        </td>
      </tr>
      {fault !== null && (
        <tr>
          <td colSpan={7} className={styles.fault} role="alert">
            {fault}
          </td>
        </tr>
      )}
    </>
  );
}
