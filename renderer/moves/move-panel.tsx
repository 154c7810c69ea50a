import { type RefObject, useLayoutEffect, useRef, useState } from 'react';
import type { Move } from '../../shared/contract/schemas.ts';
import { type Route, routeHref } from '../app/route.ts';
import { Button, IconButton } from '../design/button.tsx';
import { Segments } from '../design/field.tsx';
import { useMovesSeen, useRoster } from '../site/queries.ts';
import { useValue } from '../state/value.ts';
import { CancelMove } from './cancel-move.tsx';
import { MoveChart } from './move-chart.tsx';
import { LOOKS, type Look } from './move-look.ts';
import styles from './move-panel.module.css';
import { moveResult, moveSentence, moveTitle } from './move-words.ts';
import { watchedMove } from './watched-move.ts';

const PLOT_PX = 132;

/**
 * The move that was begun here last, below whatever else is open: its rounds as they happen, and what
 * came of it. It comes by itself and takes no focus; it goes when it is closed.
 */
export function MovePanel({ route }: { readonly route: Route }) {
  const id = useValue(watchedMove);
  const moves = useMovesSeen() ?? [];
  const roster = useRoster() ?? [];
  const nameOf = (uuid: string): string =>
    roster.find((one) => one.uuid === uuid)?.name ?? 'a domain that is gone';
  const move = moves.find((one) => one.id === id);
  if (move === undefined || showsMoves(route, move.domain)) return null;
  const others = moves.filter((one) => one.id !== move.id && one.state === 'running');
  return (
    <Panel
      key={move.id}
      move={move}
      name={nameOf(move.domain)}
      others={others.map((other) => ({
        id: other.id,
        title: moveTitle(nameOf(other.domain), other),
      }))}
    />
  );
}

/** The domain's own page has more of the same. */
function showsMoves(route: Route, uuid: string): boolean {
  return route.view === 'domain' && route.uuid === uuid && route.tab === 'moves';
}

interface PanelProps {
  readonly move: Move;
  readonly name: string;
  /** Under way beside it. */
  readonly others: readonly { readonly id: string; readonly title: string }[];
}

function Panel({ move, name, others }: PanelProps) {
  const [look, setLook] = useState<Look>('chart');
  const place = useRef<HTMLElement>(null);
  useRoomBelow(place);
  return (
    <section
      ref={place}
      className={styles.panel}
      aria-label={`Move of ${name}`}
      data-region
      data-move-panel
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.defaultPrevented) close();
      }}
    >
      <header className={styles.head}>
        <h2 className={styles.title} data-state={move.state}>
          {moveTitle(name, move)}
          <span className={styles.result}>{moveResult(move)}</span>
        </h2>
        {others.map((other) => (
          <Button key={other.id} kind="quiet" onPress={() => watchedMove.set(other.id)}>
            {other.title}
          </Button>
        ))}
        <Segments label="Show as" options={LOOKS} value={look} onChange={setLook} />
        <CancelMove move={move} />
        <a href={routeHref({ view: 'domain', uuid: move.domain, tab: 'moves' })}>All its moves</a>
        <IconButton icon="close" label="Close" onPress={close} />
      </header>
      <p
        className={styles.sentence}
        data-state={move.state}
        data-warns={move.state === 'running' && move.longStopMs !== null}
      >
        {moveSentence(name, move)}
      </p>
      <MoveChart move={move} name={name} look={look} height={PLOT_PX} />
    </section>
  );
}

/** Notices stand above it. */
function useRoomBelow(place: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return;
    const { style } = document.documentElement;
    const measure = (): void => style.setProperty('--panel', `${element.offsetHeight}px`);
    measure();
    const resizing = new ResizeObserver(measure);
    resizing.observe(element);
    return () => {
      resizing.disconnect();
      style.removeProperty('--panel');
    };
  }, [place]);
}

/** What had the focus is gone with it: the page has it then. */
function close(): void {
  watchedMove.set(null);
  document.querySelector('main')?.focus();
}
