/** What is known of one move, while it goes on and at its end. */
import type {
  MigrationReport,
  MigrationRound,
  Move,
  RoundUnderWay,
} from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';

export interface MoveAbout {
  domain: { uuid: string; name: string };
  from: string;
  to: string;
}

export class MoveRecord {
  private readonly name: string;
  private readonly onChange: (move: Move) => void;
  private record: Move;

  constructor(id: string, { domain, from, to }: MoveAbout, onChange: (move: Move) => void) {
    this.name = domain.name;
    this.onChange = onChange;
    this.record = {
      id,
      domain: domain.uuid,
      from,
      to,
      state: 'running',
      startedAtMs: Date.now(),
      endedAtMs: null,
      rounds: [],
      current: null,
      longStopMs: null,
      outcome: null,
      error: null,
    };
  }

  get current(): Move {
    return this.record;
  }

  /** Some times a second. */
  underWay(current: RoundUnderWay): void {
    this.change({ current });
  }

  /** One is over. */
  round(round: MigrationRound): void {
    this.change({ rounds: [...this.record.rounds, round], current: null });
  }

  /** One more round, and then it will stand still for so long. */
  longStop(longStopMs: number): void {
    this.change({ longStopMs });
  }

  done({ from: _from, to: _to, rounds, ...outcome }: MigrationReport): void {
    this.end({ state: 'done', rounds, outcome });
  }

  failed(error: unknown, cancelled: boolean): void {
    const { code, message } = DomusError.toData(error);
    // What was lost while it was being cancelled is said as such.
    const why =
      code === 'task.cancelled' ? `${this.name} goes on running on ${this.record.from}.` : message;
    this.end({ state: cancelled ? 'cancelled' : 'failed', error: why });
  }

  private end(change: Partial<Move>): void {
    this.change({ ...change, current: null, endedAtMs: Date.now() });
  }

  private change(change: Partial<Move>): void {
    // The source may still tell of a round that nobody wants any more.
    if (this.record.state !== 'running') return;
    this.record = { ...this.record, ...change };
    this.onChange(this.record);
  }
}
