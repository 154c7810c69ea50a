/** A move's rounds, played: three of them, each with a part of what the one before it left. */
import type {
  Domain,
  MigrationReport,
  MigrationRound,
  Move,
  RoundUnderWay,
} from '../../shared/contract/index.ts';
import type { SyntheticSite } from './site.ts';

const PAGE_KIB = 4;
const PAGE_BYTES = 4096;
/** When each round ends, of the whole. */
const ENDS = [0.5, 0.7, 0.9];
/** What is left of what was sent. */
const LEFT = [1 / 20, 1 / 5, 1 / 8];

export class PlayedMove {
  readonly #site: SyntheticSite;
  readonly #totalMs: number;
  readonly #stopMs: number;
  readonly #planned: MigrationRound[];
  #move: Move;

  constructor(site: SyntheticSite, domain: Domain, to: string, totalMs: number, stopMs: number) {
    this.#site = site;
    this.#totalMs = totalMs;
    this.#stopMs = stopMs;
    this.#planned = plan(domain.memory.actualKiB / PAGE_KIB, totalMs, stopMs);
    this.#move = {
      id: '',
      domain: domain.uuid,
      from: domain.host,
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

  begin(id: string): void {
    this.#set({ id });
  }

  step(done: number): void {
    const number = ENDS.filter((end) => done >= end).length;
    const next = this.#planned[number];
    const from = ENDS[number - 1] ?? 0;
    const part = next && (done - from) / (ENDS[number]! - from);
    this.#set({
      rounds: this.#planned.slice(0, number),
      current: next && part ? underWay(next, part) : null,
    });
  }

  finish(): MigrationReport {
    const { from, to } = this.#move;
    const rounds = this.#planned;
    const outcome: NonNullable<Move['outcome']> = {
      downtimeMs: this.#stopMs,
      totalMs: this.#totalMs,
      bytes: rounds.reduce((sum, { bytes }) => sum + bytes, 0),
      pages: rounds[0]!.pages,
      stopReason: 'few-left',
      disks: [],
      verified: true,
    };
    this.#set({ state: 'done', rounds, current: null, outcome, endedAtMs: Date.now() });
    return { from, to, rounds, ...outcome };
  }

  cancel(name: string): void {
    const error = `${name} goes on running on ${this.#move.from}.`;
    this.#set({ state: 'cancelled', current: null, error, endedAtMs: Date.now() });
  }

  #set(change: Partial<Move>): void {
    this.#move = { ...this.#move, ...change };
    this.#site.setMove(this.#move);
  }
}

function plan(memoryPages: number, totalMs: number, stopMs: number): MigrationRound[] {
  let pages = memoryPages;
  return ENDS.map((end, index) => {
    const ms = totalMs * (end - (ENDS[index - 1] ?? 0));
    const dirtied = Math.round(pages * LEFT[index]!);
    const round: MigrationRound = {
      number: index + 1,
      pages,
      bytes: pages * PAGE_BYTES,
      ms,
      dirtied,
      rate: (pages * PAGE_BYTES * 1100) / ms,
      throttlePercent: 0,
      estimatedStopMs: stopMs + dirtied / 32,
    };
    pages = dirtied;
    return round;
  });
}

function underWay({ number, pages, bytes, ms, rate }: MigrationRound, part: number): RoundUnderWay {
  return {
    number,
    pages,
    sent: Math.round(pages * part),
    bytes: bytes * part,
    ms: ms * part,
    rate,
    throttlePercent: 0,
  };
}
