import { type ReactNode, useEffect, useState } from 'react';
import { Button } from '../design/button.tsx';
import { Icon } from '../design/icon.tsx';
import { useHosts } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import { useValue } from '../state/value.ts';
import styles from './connection-gate.module.css';

/** A connection that comes back sooner than this is not worth a word. */
const PATIENCE_MS = 600;

/**
 * Says when there is no connection: as a page before the first one, later as a bar over what was
 * seen last, which stays to be read. The place for the page's content never moves.
 */
export function ConnectionGate({ children }: { readonly children: ReactNode }) {
  const { transport } = useSite();
  const connection = useValue(transport.connection);
  const hasContent = useHosts() !== undefined;
  const isLate = useLate(connection.state !== 'connected');
  if (connection.state === 'refused') return <Refused reason={connection.reason} />;
  if (!hasContent) return isLate ? <NotYet /> : null;
  return (
    <>
      {isLate && (
        <div className={styles.bar} role="status">
          <Icon name="cross" />
          <span>
            <strong>Disconnected.</strong> What you see is from before; domains go on without this
            window. <Retry />
          </span>
          <Button kind="quiet" onPress={() => transport.connectNow()}>
            Try now
          </Button>
        </div>
      )}
      {children}
    </>
  );
}

function NotYet() {
  const { transport } = useSite();
  return (
    <main className={styles.page}>
      <h1>Domus does not answer</h1>
      <p>
        The program behind this window is starting, or it is not running. Start it with{' '}
        <code>npm start</code> or <code>domus serve</code>.
      </p>
      <p className={styles.muted} role="status">
        <Retry />
      </p>
      <Button onPress={() => transport.connectNow()}>Try now</Button>
    </main>
  );
}

function Refused({ reason }: { readonly reason: string }) {
  const { transport } = useSite();
  return (
    <main className={styles.page}>
      <h1>This window may not connect</h1>
      <p role="alert">{reason}</p>
      <Button onPress={() => transport.connectNow()}>Try again</Button>
    </main>
  );
}

function Retry() {
  const { transport } = useSite();
  const connection = useValue(transport.connection);
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  if (connection.state !== 'waiting') return <>Connecting …</>;
  const seconds = Math.max(0, Math.ceil((connection.retryAtMs - nowMs) / 1000));
  return <>Trying again in {seconds} s.</>;
}

function useLate(isOn: boolean): boolean {
  const [isLate, setIsLate] = useState(false);
  useEffect(() => {
    if (!isOn) return;
    const timer = setTimeout(() => setIsLate(true), PATIENCE_MS);
    return () => {
      clearTimeout(timer);
      setIsLate(false);
    };
  }, [isOn]);
  return isOn && isLate;
}
