import { useQuery } from '@tanstack/react-query';
import type { Domain, Interface, InterfaceCounters } from '../../shared/contract/schemas.ts';
import { Button } from '../design/button.tsx';
import { count, size } from '../design/format.ts';
import { errorDataOf } from '../site/error-data.ts';
import { useSite } from '../site/site.ts';
import styles from './devices.module.css';

interface Props {
  readonly domain: Domain;
  readonly card: Interface;
}

/** Since its life on its host began; read when it is looked at, and again when asked to. */
export function CountersPart({ domain, card }: Props) {
  const { queries } = useSite();
  const counters = useQuery({
    ...queries.domains.interfaceCounters.queryOptions({ input: { domain: domain.uuid } }),
    enabled: domain.domid !== null,
    staleTime: 0,
  });
  const own = counters.data?.find(({ handle }) => handle === card.handle);
  return (
    <section className={styles.part} aria-labelledby="counters">
      <div className={styles.head}>
        <h3 id="counters">Counters</h3>
        {domain.domid !== null && (
          <Button
            kind="quiet"
            icon="reboot"
            isPending={counters.isFetching}
            onPress={() => void counters.refetch()}
          >
            Read again
          </Button>
        )}
      </div>
      {counters.error !== null && <p role="alert">{errorDataOf(counters.error).message}</p>}
      {domain.domid === null ? (
        <p className={styles.muted}>They begin when it runs.</p>
      ) : (
        <CounterTable counters={own} />
      )}
    </section>
  );
}

/** `spoofed mac`; what says too little by itself in more words. */
function reasonWords(reason: string): string {
  return reason === 'protocol' ? 'not IPv4' : reason.replaceAll('-', ' ');
}

function CounterTable({ counters }: { readonly counters: InterfaceCounters | undefined }) {
  const drops = (direction: 'sent' | 'received') =>
    (counters?.drops ?? [])
      .filter((drop) => drop.direction === direction)
      .map(({ reason, frames }) => `${count(frames)} ${reasonWords(reason)}`)
      .join(', ') || 'none';
  const rows = [
    ['Received', 'received', counters?.receivedFrames, counters?.receivedBytes],
    ['Sent', 'sent', counters?.sentFrames, counters?.sentBytes],
  ] as const;
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <td />
          <th scope="col" className={styles.number}>
            Frames
          </th>
          <th scope="col" className={styles.number}>
            Bytes
          </th>
          <th scope="col">Dropped</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([word, direction, frames, bytes]) => (
          <tr key={word}>
            <th scope="row">{word}</th>
            <td className={styles.number}>{frames === undefined ? '–' : count(frames)}</td>
            <td className={styles.number}>{bytes === undefined ? '–' : size(bytes)}</td>
            <td>{drops(direction)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
