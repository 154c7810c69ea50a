import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Form } from 'react-aria-components';
import type { Domain, Interface } from '../../shared/contract/schemas.ts';
import { Button } from '../design/button.tsx';
import { FieldRow, FormError, NumberField } from '../design/field.tsx';
import { bandwidth } from '../design/format.ts';
import { messageOf } from '../site/error-data.ts';
import { useSite } from '../site/site.ts';
import styles from './devices.module.css';

const BYTES_PER_MBIT = 125_000;
/** The contract's least, 1000 bytes a second. */
const LEAST_MBIT = 0.008;

interface Props {
  readonly domain: Domain;
  readonly card: Interface;
}

/** In words until it is changed; a change that is under way is never overwritten by news. */
export function LimitsPart({ domain, card }: Props) {
  const [isEditing, setIsEditing] = useState(false);
  if (isEditing) {
    return <LimitsForm domain={domain} card={card} onDone={() => setIsEditing(false)} />;
  }
  return (
    <span className={styles.spread}>
      {limitsSentence(card)}
      <Button kind="text" onPress={() => setIsEditing(true)}>
        Change…
      </Button>
    </span>
  );
}

function LimitsForm({ domain, card, onDone }: Props & { readonly onDone: () => void }) {
  const { queries } = useSite();
  const [receive, setReceive] = useState(mbit(card.receiveLimitBytesPerSecond));
  const [send, setSend] = useState(mbit(card.sendLimitBytesPerSecond));
  const set = useMutation(queries.domains.setInterface.mutationOptions({ onSuccess: onDone }));
  return (
    <Form
      className={styles.part!}
      onSubmit={(event) => {
        event.preventDefault();
        set.mutate({
          domain: domain.uuid,
          handle: card.handle,
          receiveLimitBytesPerSecond: bytes(receive),
          sendLimitBytesPerSecond: bytes(send),
        });
      }}
    >
      <FieldRow>
        <NumberField
          label="Receives at most"
          unit="Mbit/s"
          autoFocus
          minValue={LEAST_MBIT}
          value={receive}
          onChange={setReceive}
          description="Empty: as fast as it goes."
        />
        <NumberField
          label="Sends at most"
          unit="Mbit/s"
          minValue={LEAST_MBIT}
          value={send}
          onChange={setSend}
        />
      </FieldRow>
      <div className={styles.buttons}>
        <Button type="submit" kind="primary" isPending={set.isPending}>
          Limit
        </Button>
        <Button onPress={onDone}>Cancel</Button>
      </div>
      <FormError message={messageOf(set.error)} />
    </Form>
  );
}

function limitsSentence(card: Interface): string {
  const { receiveLimitBytesPerSecond: receives, sendLimitBytesPerSecond: sends } = card;
  if (receives === null && sends === null) return 'none: as fast as it goes';
  const parts = [
    receives === null ? null : `receives at most ${bandwidth(receives)}`,
    sends === null ? null : `sends at most ${bandwidth(sends)}`,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

/** NaN is an empty field. */
function mbit(bytesPerSecond: number | null): number {
  return bytesPerSecond === null ? NaN : bytesPerSecond / BYTES_PER_MBIT;
}

function bytes(mbitPerSecond: number): number | null {
  return Number.isNaN(mbitPerSecond) ? null : mbitPerSecond * BYTES_PER_MBIT;
}
