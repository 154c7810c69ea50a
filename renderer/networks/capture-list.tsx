import type { Capture } from '../../shared/contract/schemas.ts';
import { Button } from '../design/button.tsx';
import { Ago, Since } from '../design/time.tsx';
import { CaptureFigures } from '../devices/capture-part.tsx';
import { interfaceName } from '../devices/device-name.ts';
import { useSite } from '../site/site.ts';
import styles from './networks.module.css';

export function CaptureList({ captures }: { readonly captures: readonly Capture[] }) {
  return (
    <section aria-labelledby="captures">
      <h2 id="captures">Captures</h2>
      {captures.length === 0 ? (
        <p className={styles.muted}>
          None. A domain's interface, on its Devices tab, is where one is started.
        </p>
      ) : (
        <ul className={styles.captures}>
          {captures.toReversed().map((capture) => (
            <CaptureLine key={capture.id} capture={capture} />
          ))}
        </ul>
      )}
    </section>
  );
}

function CaptureLine({ capture }: { readonly capture: Capture }) {
  const { commands } = useSite();
  const { id, domain, startedAtMs, endedAtMs } = capture;
  return (
    <li>
      <div className={styles.grow}>
        <p>
          {domain}, {interfaceName(capture)}:{' '}
          {endedAtMs === null ? (
            <>
              under way for <Since timeMs={startedAtMs} />
            </>
          ) : (
            <>
              ended <Ago timeMs={endedAtMs} />
            </>
          )}
        </p>
        <p className={styles.figures}>
          <CaptureFigures capture={capture} />
        </p>
      </div>
      {endedAtMs === null && (
        <Button icon="stop" onPress={() => commands.stopCapture(id)}>
          Stop
        </Button>
      )}
    </li>
  );
}
