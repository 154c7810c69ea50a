/**
 * The life of a domain: what it can be, and the steps between. A step that is not in {@link STEPS}
 * for a state cannot be taken.
 *
 *     shut-off ─┐            ┌─ paused ──────┐
 *     saved ────┤            │               │
 *     crashed ──┴─ starting ─┴─ running ─────┼─ ended: shut-off, saved, crashed
 *                               │ shutting-down
 *                               └ migrating ─┘
 */
import type { DomainState } from '../../../shared/contract/index.ts';
import { DomusError } from '../../../shared/errors.ts';

/** What every state with a worker knows. */
export interface Alive {
  domid: number;
  startedAtMs: number;
}

export type Rest =
  | { state: 'shut-off'; reason: string | null; wasRunning: boolean }
  /** Its memory is in its file. */
  | { state: 'saved'; reason: string | null }
  | { state: 'crashed'; reason: string };

export type Life =
  | Rest
  /** `before` is where a start that fails leads back to. */
  | { state: 'starting'; alive: Alive; before: Rest }
  | { state: 'running'; alive: Alive }
  /** `reason`: why, when no person asked for it. */
  | { state: 'paused'; alive: Alive; reason: string | null }
  | { state: 'shutting-down'; alive: Alive; intent: 'poweroff' | 'reboot' }
  | { state: 'migrating'; alive: Alive; target: string };

export type LifeIn<State extends DomainState> = Extract<Life, { state: State }>;

export type Step =
  | { step: 'start'; alive: Alive }
  | { step: 'started'; atMs: number }
  | { step: 'start-failed' }
  | { step: 'pause'; reason?: string }
  | { step: 'unpause' }
  | { step: 'ask-shutdown'; intent: 'poweroff' | 'reboot' }
  | { step: 'shutdown-refused' }
  | { step: 'migrate'; target: string }
  | { step: 'migrate-ended' }
  | { step: 'end'; reason: string | null }
  | { step: 'crash'; reason: string }
  /** Its memory is in a file, and its worker goes. */
  | { step: 'saved'; reason: string | null }
  /** The file is given up. */
  | { step: 'forget-saved'; reason: string };

type StepNamed<Name extends Step['step']> = Extract<Step, { step: Name }>;
type StepTable = {
  [State in DomainState]: {
    [Name in Step['step']]?: (life: LifeIn<State>, step: StepNamed<Name>) => Life;
  };
};

const start = (before: Rest, { alive }: StepNamed<'start'>): Life => ({
  state: 'starting',
  alive,
  before,
});
/** A worker can go away in every state that has one. */
const ends = {
  end: (_: Life, { reason }: StepNamed<'end'>): Life => ({
    state: 'shut-off',
    reason,
    wasRunning: false,
  }),
  crash: (_: Life, { reason }: StepNamed<'crash'>): Life => ({ state: 'crashed', reason }),
};
const saved = (_: Life, { reason }: StepNamed<'saved'>): Life => ({ state: 'saved', reason });
const pause = (
  { alive }: { alive: Alive },
  { reason = null }: { reason?: string | null },
): Life => ({
  state: 'paused',
  alive,
  reason,
});
const backToRunning = ({ alive }: { alive: Alive }): Life => ({ state: 'running', alive });

const STEPS: StepTable = {
  'shut-off': { start },
  saved: {
    start,
    'forget-saved': (_, { reason }) => ({ state: 'shut-off', reason, wasRunning: false }),
  },
  crashed: { start },
  starting: {
    started: ({ alive }, { atMs }) => ({
      state: 'running',
      alive: { ...alive, startedAtMs: atMs },
    }),
    'start-failed': ({ before }) => before,
    ...ends,
  },
  running: {
    pause,
    'ask-shutdown': ({ alive }, { intent }) => ({ state: 'shutting-down', alive, intent }),
    migrate: ({ alive }, { target }) => ({ state: 'migrating', alive, target }),
    saved,
    ...ends,
  },
  paused: { pause, unpause: backToRunning, saved, ...ends },
  'shutting-down': { pause, 'shutdown-refused': backToRunning, ...ends },
  migrating: { 'migrate-ended': backToRunning, ...ends },
};

/** The life after `step`. Error `domain.wrong-state`, as a sentence about the domain `name`. */
export function advance(name: string, life: Life, step: Step): Life {
  const table = STEPS[life.state] as Partial<
    Record<Step['step'], (life: Life, step: Step) => Life>
  >;
  const take = table[step.step];
  if (!take) throw wrongState(name, life.state, VERBS[step.step]);
  return take(life, step);
}

export function can(life: Life, step: Step['step']): boolean {
  return step in STEPS[life.state];
}

/** What it has while it has a worker, else null. */
export function aliveIn(life: Life): Alive | null {
  return 'alive' in life ? life.alive : null;
}

/** Error `domain.wrong-state`: what was wanted (a participle), what it is, and the way there. */
export function wrongState(name: string, state: DomainState, wanted: string): DomusError {
  return new DomusError(
    'domain.wrong-state',
    `Domain ${name} ${STATE_WORDS[state]}, so it cannot be ${wanted}. ${WAY_OUT[state]}`,
    { data: { domain: name, state } },
  );
}

const VERBS: Record<Step['step'], string> = {
  start: 'started',
  started: 'said to be started',
  'start-failed': 'taken back',
  pause: 'paused',
  unpause: 'unpaused',
  'ask-shutdown': 'shut down',
  'shutdown-refused': 'kept running',
  migrate: 'moved',
  'migrate-ended': 'said to have moved',
  end: 'ended',
  crash: 'ended',
  saved: 'saved',
  'forget-saved': 'relieved of its saved state',
};

const STATE_WORDS: Record<DomainState, string> = {
  'shut-off': 'is shut off',
  saved: 'is saved',
  crashed: 'has crashed',
  starting: 'is starting',
  running: 'is running',
  paused: 'is paused',
  'shutting-down': 'is shutting down',
  migrating: 'is on its way to another host',
};

const WAY_OUT: Record<DomainState, string> = {
  'shut-off': 'Start it first.',
  saved: 'Start it first: it goes on where it was.',
  crashed: 'Start it first.',
  starting: 'Wait until it runs, or force it off.',
  running: 'It needs no more than it has.',
  paused: 'Unpause it first.',
  'shutting-down': 'Wait until it is off, or force it off.',
  migrating: 'Wait until it has arrived.',
};
