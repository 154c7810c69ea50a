import { useRef } from 'react';
import { Button, useDrop, VisuallyHidden } from 'react-aria-components';
import type { Host } from '../../shared/contract/schemas.ts';
import { routeHref } from '../app/route.ts';
import { bandwidth, memory } from '../design/format.ts';
import type { RosterEntry } from '../site/keys.ts';
import { useSite } from '../site/site.ts';
import { useValue } from '../state/value.ts';
import { DomainList } from './domain-list.tsx';
import { DropPanel, verdictLabel } from './drop-panel.tsx';
import styles from './host-card.module.css';
import { HostMenu } from './host-menu.tsx';
import { HostMeters } from './host-meters.tsx';
import { DOMAIN_TYPE, dragged, useDropVerdict } from './migration-drag.ts';

interface Props {
  readonly host: Host;
  readonly guests: readonly RosterEntry[];
  readonly domain0: RosterEntry | undefined;
  /** True when a search hides some of its domains. */
  readonly isFiltered: boolean;
}

/** One host: what it has, what it does, its domains. A domain dropped anywhere on it moves here. */
export function HostCard({ host, guests, domain0, isFiltered }: Props) {
  const drag = useValue(dragged);
  const drop = useHostDrop(host.name);
  return (
    <section
      {...drop.dropProps}
      className={styles.card}
      aria-labelledby={`host-${host.name}`}
      data-drop={drop.verdict?.kind}
      data-drop-target={drop.isDropTarget}
    >
      <header className={styles.header}>
        <h2 id={`host-${host.name}`}>
          <a href={routeHref({ view: 'host', host: host.name })}>{host.name}</a>
        </h2>
        {host.state === 'down' && <span className={styles.down}>down</span>}
        {host.drained && <span className={styles.drained}>drained</span>}
        <span className={styles.facts}>
          {host.pcpus} pCPU · {memory(host.memoryKiB)} · {bandwidth(host.bandwidthBytesPerSecond)}
        </span>
        <HostMenu host={host} />
      </header>
      <div className={styles.meters}>
        <HostMeters host={host} domain0={domain0} />
        {drop.verdict !== null && drag !== null && (
          <DropPanel
            verdict={drop.verdict}
            drag={drag}
            host={host.name}
            isTarget={drop.isDropTarget}
          />
        )}
        {/* Where a drag by keyboard stops; says the verdict. */}
        <VisuallyHidden>
          <Button
            ref={drop.button}
            aria-label={
              drop.verdict !== null && drag !== null
                ? verdictLabel(drop.verdict, drag, host.name)
                : `Move a domain to ${host.name}`
            }
            excludeFromTabOrder
          />
        </VisuallyHidden>
      </div>
      <DomainList host={host.name} guests={guests} isFiltered={isFiltered} />
    </section>
  );
}

/** A drop that cannot be is taken too, to say why it cannot: nothing is sent then. */
function useHostDrop(host: string) {
  const { commands, notices } = useSite();
  const verdict = useDropVerdict(host);
  const button = useRef<HTMLButtonElement>(null);
  const { dropProps, isDropTarget } = useDrop({
    ref: button,
    hasDropButton: true,
    getDropOperation: (types) =>
      types.has(DOMAIN_TYPE) && dragged.get()?.from !== host ? 'move' : 'cancel',
    onDrop: () => {
      const drag = dragged.get();
      if (drag === null || verdict === null) return;
      if (verdict.kind === 'refused') {
        notices.refused(`${drag.name} stays on ${drag.from}`, verdict.reason);
      } else commands.migrate(drag, host);
    },
  });
  return { dropProps, isDropTarget, verdict, button };
}
