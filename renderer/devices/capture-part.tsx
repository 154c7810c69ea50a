import { useMutation } from '@tanstack/react-query';
import type { Capture, Domain, Interface } from '../../shared/contract/schemas.ts';
import { Button } from '../design/button.tsx';
import { CopyButton } from '../design/copy-button.tsx';
import { FormError } from '../design/field.tsx';
import { count } from '../design/format.ts';
import { Since } from '../design/time.tsx';
import { messageOf } from '../site/error-data.ts';
import { useNetworking } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import styles from './devices.module.css';

interface Props {
  readonly domain: Domain;
  readonly card: Interface;
}

/** Writes what the interface sends and gets to a file for Wireshark, tcpdump and the like. */
export function CapturePart({ domain, card }: Props) {
  const { queries } = useSite();
  const captures = useNetworking()?.captures ?? [];
  const own = captures.filter((one) => one.domain === domain.name && one.handle === card.handle);
  const running = own.find((one) => one.endedAtMs === null);
  const last = own.findLast((one) => one.endedAtMs !== null);
  const start = useMutation(queries.captures.start.mutationOptions());
  const stop = useMutation(queries.captures.stop.mutationOptions());
  const error = start.error ?? stop.error;
  return (
    <section className={styles.part} aria-labelledby="capture">
      <div className={styles.head}>
        <h3 id="capture">Capture</h3>
        {running === undefined ? (
          <Button
            icon="record"
            isPending={start.isPending}
            onPress={() => start.mutate({ domain: domain.uuid, handle: card.handle })}
          >
            Start capture
          </Button>
        ) : (
          <Button
            icon="stop"
            isPending={stop.isPending}
            onPress={() => stop.mutate({ id: running.id })}
          >
            Stop capture
          </Button>
        )}
      </div>
      {running !== undefined && (
        <p>
          For <Since timeMs={running.startedAtMs} />: <CaptureFigures capture={running} />
        </p>
      )}
      {running === undefined && last !== undefined && (
        <p>
          The last one: <CaptureFigures capture={last} />
        </p>
      )}
      {own.length === 0 && (
        <p className={styles.muted}>
          What it sends and gets, as a pcap file for Wireshark, tcpdump and the like.
        </p>
      )}
      <FormError message={messageOf(error)} />
    </section>
  );
}

/** `1893 frames in /home/…/web1-eth0.pcap`, and what went wrong. */
export function CaptureFigures({ capture }: { readonly capture: Capture }) {
  return (
    <>
      {count(capture.frames)} frames
      {capture.dropped > 0 && `, ${count(capture.dropped)} left out`} in <code>{capture.path}</code>{' '}
      <CopyButton text={capture.path} label="Copy the path" />
      {capture.fault !== null && <span className={styles.fault}> {capture.fault}</span>}
    </>
  );
}
