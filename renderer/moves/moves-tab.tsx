import { useState } from 'react';
import type { Domain, Move } from '../../shared/contract/schemas.ts';
import { Empty } from '../design/empty.tsx';
import { Segments } from '../design/field.tsx';
import { Icon, type IconName } from '../design/icon.tsx';
import { Choice, ChoiceList, ListAndPane } from '../design/list-and-pane.tsx';
import { Ago } from '../design/time.tsx';
import { messageOf } from '../site/error-data.ts';
import { CancelMove } from './cancel-move.tsx';
import { MoveChart } from './move-chart.tsx';
import { LOOKS, type Look } from './move-look.ts';
import { moveResult, moveSentence, moveTitle } from './move-words.ts';
import styles from './moves-tab.module.css';
import { useDomainMoves } from './use-domain-moves.ts';

const PLOT_PX = 180;

/** Where a domain has moved and what each move cost; the one that goes on, live. */
export function MovesTab({ domain }: { readonly domain: Domain }) {
  if (domain.isDomain0) {
    return (
      <Empty icon="move" title="Domain 0 stays where it is">
        <p>It is {domain.host} itself.</p>
      </Empty>
    );
  }
  return <History domain={domain} />;
}

function History({ domain }: { readonly domain: Domain }) {
  const { moves, error } = useDomainMoves(domain.uuid);
  const [chosen, choose] = useState<string | null>(null);
  if (moves === undefined) {
    return error === null ? null : (
      <Empty icon="warning" title={messageOf(error) ?? 'Its moves cannot be read'} />
    );
  }
  const shown = moves.find(({ id }) => id === chosen) ?? moves[0];
  if (shown === undefined) {
    return (
      <Empty icon="move" title={`${domain.name} has not moved yet`}>
        <p>
          Drag its row onto another host in the site view, or choose “Move to” in its menu. It goes
          on running meanwhile, and its rounds show here.
        </p>
      </Empty>
    );
  }
  return (
    <ListAndPane
      list={
        <ChoiceList label={`Moves of ${domain.name}`} chosen={shown.id} onChoose={choose}>
          {moves.map((move) => (
            <Choice key={move.id} id={move.id} textValue={`${move.from} to ${move.to}`}>
              <Line move={move} />
            </Choice>
          ))}
        </ChoiceList>
      }
    >
      <Pane key={shown.id} name={domain.name} move={shown} />
    </ListAndPane>
  );
}

const ICONS: Record<Move['state'], IconName> = {
  running: 'reboot',
  done: 'check',
  failed: 'cross',
  cancelled: 'undo',
};

function Line({ move }: { readonly move: Move }) {
  return (
    <div className={styles.line} data-state={move.state}>
      <Icon name={ICONS[move.state]} />
      <span className={styles.way}>
        {move.from} → {move.to}
      </span>
      <span className={styles.facts}>
        <Ago timeMs={move.startedAtMs} />
      </span>
      <span className={styles.result}>{moveResult(move)}</span>
    </div>
  );
}

function Pane({ name, move }: { readonly name: string; readonly move: Move }) {
  const [look, setLook] = useState<Look>('chart');
  return (
    <div className={styles.pane}>
      <div className={styles.head}>
        <h2>{moveTitle(name, move)}</h2>
        <Segments label="Show as" options={LOOKS} value={look} onChange={setLook} />
        <CancelMove move={move} />
      </div>
      <p className={styles.sentence} data-state={move.state}>
        {moveSentence(name, move)}
      </p>
      <MoveChart move={move} name={name} look={look} height={PLOT_PX} />
    </div>
  );
}
