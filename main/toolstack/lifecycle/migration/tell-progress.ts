/** What a person hears of a move while the domain is copied. */
import type { MigrationRound } from '../../../../shared/contract/index.ts';
import type { Move } from './move.ts';

const MIB = 1 << 20;
/** Of the task's progress: what the rounds take up. */
const ROUNDS = { from: 0.2, to: 0.8 };

/** Tells by the task and its record, and of a long stop by an event too. Returns its own undo. */
export function tellProgress(move: Move): () => void {
  const { parts, domain, life, source, target, task, record } = move;
  const { link } = source;
  /** Of a stop that is going to be long; said until it is over. */
  let warning = '';
  const offRounds = link.on('migration.round', ({ domid, round }) => {
    if (domid !== life.domid) return;
    record.round(round);
    const done = ROUNDS.to - (ROUNDS.to - ROUNDS.from) / (round.number + 1);
    task.progress(done, told(round) + warning);
  });
  const offProgress = link.on('migration.roundUnderWay', ({ domid, round }) => {
    if (domid === life.domid) record.underWay(round);
  });
  const offStops = link.on('migration.longStop', ({ domid, stop }) => {
    if (domid !== life.domid) return;
    const what = `${domain.name} will stand still for about ${stop.estimatedStopMs.toFixed(0)} ms on its way to ${target.name}`;
    warning = `; ${what}`;
    record.longStop(stop.estimatedStopMs);
    task.progress(ROUNDS.to, `one more round, then ${what}`);
    parts.events.add(
      'warning',
      'domain.long-stop',
      `Domain ${what}: ${WHY[stop.reason]}. Cancel its task to keep it running on ${source.name}.`,
      { domain: domain.uuid, host: source.name },
    );
  });
  return () => {
    offRounds();
    offProgress();
    offStops();
  };
}

const SLOW_LINK = 'the link is slow for what is left';
const FAST_WRITER = 'it writes faster than the move may send';
const WHY = {
  paused: SLOW_LINK,
  'few-left': SLOW_LINK,
  'short-enough': SLOW_LINK,
  'no-gain': FAST_WRITER,
  'too-fast': FAST_WRITER,
  rounds: FAST_WRITER,
  bytes: FAST_WRITER,
};

function told(round: MigrationRound): string {
  const { number, bytes, ms, dirtied, throttlePercent, estimatedStopMs } = round;
  const sent = `${(bytes / MIB).toFixed(1)} MiB in ${ms.toFixed(0)} ms`;
  const slowed = throttlePercent > 0 ? `, slowed down by ${throttlePercent} %` : '';
  return `round ${number}${slowed}: ${sent}, ${dirtied} pages written meanwhile; a stop now would take ${estimatedStopMs.toFixed(0)} ms`;
}
